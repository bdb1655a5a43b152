package semconv

import "strings"

// probers are how those who probe a service's health begin their name.
var probers = [...]string{"kube-probe/", "ELB-HealthChecker/", "GoogleHC/", "Consul Health Check", "Envoy/HC", "AlwaysOn", "Edge Health Probe"}

// IsProbe reports whether a served request asks only whether the service is healthy: by who asks, or by the route.
func IsProbe[A Attributes](attrs A) bool {
	agent := firstStr(attrs, keyUserAgent, keyUserAgentOld)
	for _, name := range probers {
		if strings.HasPrefix(agent, name) {
			return true
		}
	}
	if attrs.Str(keyRPCServiceOld) == "grpc.health.v1.Health" {
		return true
	}
	if method := HTTPMethod(attrs); method != "" && method != "GET" && method != "HEAD" {
		return false
	}
	route := firstStr(attrs, keyHTTPRoute, keyURLPath, keyHTTPTargetOld)
	switch route[1+strings.LastIndexByte(route, '/'):] {
	case "healthz", "readyz", "livez", "health", "readiness", "liveness":
		return true
	}
	return false
}
