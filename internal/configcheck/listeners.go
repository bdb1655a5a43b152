package configcheck

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/listener"
)

// optOut is the key by which a listener may be reached by anybody. Those of stock components do not know
// it: it is taken away before they are decoded.
const optOut = "allow_unauthenticated"

// listening is an address on which the collector will listen.
type listening struct {
	key      string // of the address
	endpoint string
	// open is set if everybody may call it: it tells nothing but numbers and whether all is well.
	open bool
	// optOut is the key that lets it be called without authentication, and allowed its value.
	optOut  string
	allowed any
	// server is the key of the settings below, or "" if callers cannot be authenticated at all.
	server   string
	settings map[string]any
	otlp     string // the protocol of a receiver of OTLP
}

// listeners lists those of all components that run, and of the collector's own metrics.
func (c *configuration) listeners() (all []listening) {
	for _, r := range c.running(receivers) {
		switch r.kind {
		case typeOTLP:
			protocols := section(r.settings, "protocols")
			for _, protocol := range []struct{ name, endpoint string }{{"grpc", "localhost:4317"}, {"http", "localhost:4318"}} {
				if isSet(protocols, protocol.name) {
					l := r.server(protocol.endpoint, "protocols", protocol.name)
					l.otlp = protocol.name
					all = append(all, l)
				}
			}
		case typeIngest:
			all = append(all, r.server("localhost:8000"))
		}
	}
	for _, e := range c.running(extensions) {
		switch e.kind {
		case typeQuery:
			all = append(all, e.server("localhost:8080", "http"))
			if management := section(e.settings, "management"); management["endpoint"] != "" {
				all = append(all, e.server("localhost:8001", "management"))
			}
		case typeZpages:
			all = append(all, e.server("localhost:55679"))
		case typePprof:
			l := e.server("localhost:1777")
			l.server = ""
			all = append(all, l)
		case typeHealthCheck:
			l := e.server("localhost:13133")
			l.open = true
			all = append(all, l)
		}
	}
	return append(all, c.metrics()...)
}

// server is the listener with the settings below the keys.
func (c configured) server(otherwise string, keys ...string) listening {
	settings := section(c.settings, keys...)
	server := strings.Join(append([]string{c.key}, keys...), "::")
	l := listening{
		key: server + "::endpoint", endpoint: textOf(settings, otherwise, "endpoint"),
		optOut: c.key + "::" + optOut, allowed: c.settings[optOut],
		server: server, settings: settings,
	}
	if textOf(settings, "", "transport") == "unix" {
		l.endpoint = "" // its file has permissions
	}
	return l
}

// metrics lists the listeners of the collector's own metrics.
func (c *configuration) metrics() (all []listening) {
	const key = "service::telemetry::metrics"
	settings := section(c.root, "service", "telemetry", "metrics")
	if settings["level"] == "none" {
		return nil
	}
	readers, set := settings["readers"].([]any)
	if !set {
		return []listening{{key: key + "::readers", endpoint: "localhost:8888", open: true}}
	}
	for i, reader := range readers {
		settings, _ := reader.(map[string]any)
		prometheus := section(settings, "pull", "exporter", "prometheus")
		if port, ok := prometheus["port"]; ok {
			all = append(all, listening{
				key:      fmt.Sprintf("%s::readers::%d::pull::exporter::prometheus::port", key, i),
				endpoint: net.JoinHostPort(textOf(prometheus, "", "host"), fmt.Sprint(port)), open: true,
			})
		}
	}
	return all
}

// authenticates reports whether callers have to prove who they are.
func (l *listening) authenticates() bool {
	return l.server != "" && (isSet(l.settings, "auth") || textOf(section(l.settings, "tls"), "", "client_ca_file") != "")
}

// checkListeners refuses what anybody can call, and what cannot be opened.
func checkListeners(all []listening) error {
	var errs []error
	for i := range all {
		errs = append(errs, all[i].check())
		for j := range all[:i] {
			if collide(all[i].endpoint, all[j].endpoint) {
				errs = append(errs, fmt.Errorf("%s: %s has the same port: choose another one", all[i].key, all[j].key))
			}
		}
	}
	return errors.Join(errs...)
}

func (l *listening) check() error {
	if l.open || l.endpoint == "" {
		return nil
	}
	if _, ok := l.allowed.(bool); !ok && l.allowed != nil {
		return fmt.Errorf("%s: must be true or false", l.optOut)
	}
	if l.allowed == true || l.authenticates() || !listener.Reachable(l.endpoint) {
		return nil
	}
	authenticate := ""
	if l.server != "" {
		authenticate = fmt.Sprintf("configure %[1]s::auth::authenticator or %[1]s::tls::client_ca_file, or ", l.server)
	}
	return fmt.Errorf("%s: %s can be reached from other machines, and anybody could call it: %slisten on localhost, or set %s: true if that is meant",
		l.key, l.endpoint, authenticate, l.optOut)
}

// collide reports whether two endpoints cannot be listened on side by side.
func collide(a, b string) bool {
	hostA, portA, errA := net.SplitHostPort(a)
	hostB, portB, errB := net.SplitHostPort(b)
	if errA != nil || errB != nil || portA != portB || portA == "0" {
		return false
	}
	return listener.SameHost(hostA, hostB)
}

// warnListeners returns what is dangerous about listeners, and may be meant.
func warnListeners(all []listening) (warnings []string) {
	for i := range all {
		l := &all[i]
		if isSet(l.settings, "auth") && !isSet(l.settings, "tls") && listener.Reachable(l.endpoint) {
			warnings = append(warnings, l.key+" can be reached from other machines without TLS: whoever is on the way reads tokens and data; configure "+
				l.server+"::tls, unless a proxy on this machine ends TLS")
		}
		if l.otlp == "" {
			continue
		}
		switch limited := l.isLimited(); {
		case !limited:
			warnings = append(warnings, l.server+"::middlewares does not name the "+typeRequestLimiter+
				": a few bytes sent there can exhaust the memory or end the process")
		case l.otlp == "http" && !l.decompressesNothing():
			warnings = append(warnings, l.server+"::compression_algorithms is not []: requests are decompressed before the "+typeRequestLimiter+" bounds them")
		}
	}
	return warnings
}

// warnProbes returns that nobody can ask a health extension, if no listener names it.
func (c *configuration) warnProbes(all []listening) (warnings []string) {
	for _, e := range c.running(extensions) {
		name := strings.TrimPrefix(e.key, extensions+"::")
		if e.kind == typeHealth && !slices.ContainsFunc(all, func(l listening) bool { return slices.Contains(l.middlewares(), name) }) {
			warnings = append(warnings, e.key+" is a middleware of no listener, so that no probe reaches it: set extensions::health_check::middlewares: [{id: "+name+"}]")
		}
	}
	return warnings
}

// isLimited reports whether a request limiter stands before the decoder.
func (l *listening) isLimited() bool {
	return slices.ContainsFunc(l.middlewares(), func(name string) bool { return typeOf(name) == typeRequestLimiter })
}

// middlewares are the names of those of the listener.
func (l *listening) middlewares() (names []string) {
	list, _ := l.settings["middlewares"].([]any)
	for _, one := range list {
		settings, _ := one.(map[string]any)
		names = append(names, textOf(settings, "", "id"))
	}
	return names
}

func (l *listening) decompressesNothing() bool {
	algorithms, set := l.settings["compression_algorithms"].([]any)
	return set && len(algorithms) == 0
}
