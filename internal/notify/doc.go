// Package notify tells people of incidents. As edges, each once: a Sender takes the deliveries of one receiver from the
// store's outbox and sends a message for each state of an incident (webhook, PagerDuty, Slack). As levels: an
// AlertSender repeats to Alertmanagers which incidents are open. It keeps no state that the store does not have, derives
// nothing, and everything it sends is redacted and cannot mention or link anybody.
package notify
