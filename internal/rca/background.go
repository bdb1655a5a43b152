package rca

import "strings"

// isBackground tells whether a record speaks of a process's upkeep, which goes on beside requests
// and fails without harm to them: registries, health checks, reconnecting caches, telemetry.
func isBackground(text string) bool {
	lower := strings.ToLower(text)
	for _, m := range backgroundMarks {
		if strings.Contains(lower, m) {
			return true
		}
	}
	return false
}

var backgroundMarks = []string{
	"eureka", "discoveryclient", "netflix.discovery", "nacos", "consul", "heartbeat", "health check", "healthindicator", "reconnect",
	"connectionwatchdog", "config server", "zipkin", "jaeger", "skywalking", "opentelemetry",
}
