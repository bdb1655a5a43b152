// Package notifyextension tells people of incidents: it runs a sender for each configured receiver and Alertmanager
// (package notify). What is to be told is in the store, so that any process may send it.
package notifyextension
