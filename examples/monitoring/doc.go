// Package monitoring has rules for Prometheus and a board for Grafana on ProdSentinel's own metrics, and their tests.
package monitoring
