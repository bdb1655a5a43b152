package semconv

import "strings"

// upstream returns the host and port of the cluster to which Envoy sends a request, as it or Istio names it;
// "" where it names none. The URL beside it is that of the proxy itself.
func upstream[A Attributes](attrs A) (host, port string) {
	cluster := firstStr(attrs, keyUpstreamName, keyUpstreamCluster)
	switch cluster {
	case "", "-", "PassthroughCluster", "BlackHoleCluster":
		return "", ""
	}
	parts := strings.Split(cluster, "|") // outbound|port|subset|host
	if len(parts) != 4 {
		return cluster, ""
	}
	return parts[3], parts[1]
}

// upstreamService returns the service of Kubernetes that the cluster of a proxy is, "" where it is none.
func upstreamService[A Attributes](attrs A) string {
	host, _ := upstream(attrs)
	if service, domain, _ := strings.Cut(host, "."); strings.Contains(domain, ".svc.") {
		return service
	}
	return ""
}

// ProxyFlags returns what Envoy says of a response beside its status, as UF or URX, nil where it says nothing.
func ProxyFlags[A Attributes](attrs A) []string {
	flags := attrs.Str(keyResponseFlags)
	if flags == "" || flags == "-" {
		return nil
	}
	return strings.Split(flags, ",")
}

// isProxysOwn reports whether a proxy made the response itself, because it had none of the peer.
func isProxysOwn[A Attributes](attrs A) bool {
	for _, flag := range ProxyFlags(attrs) {
		switch flag {
		case "UF", "UH", "UC", "UO", "UT", "UR", "LR", "NR", "NC", "DF", "DC", "DT", "SI", "UPE":
			return true
		}
	}
	return false
}
