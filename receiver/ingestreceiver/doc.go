// Package ingestreceiver receives logs, spans and metric points as plain JSON over HTTP, for
// programs without an OpenTelemetry SDK.
//
// A record is accepted when the pipeline has taken it, and rejected, by its index and field, when
// it is not what the route's table in the README says. Nothing is repaired: what is accepted goes
// into the pipeline as it was sent.
package ingestreceiver
