package servertest

import "testing"

// Promtool is the path of the program by which Prometheus checks rules.
func Promtool(t testing.TB) string {
	t.Helper()
	return script(t, "ensure-prometheus.sh", "promtool")
}
