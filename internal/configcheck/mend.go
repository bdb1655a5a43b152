package configcheck

import (
	"net"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.opentelemetry.io/collector/confmap"
)

// ours are the types of our own components, whose durations may be written in days.
var ours = []string{typeIngest, typeTraceCorrelation, typeRCA, typeQuery, typeRequestLimiter, "signal_store", "coordination"}

// mend rewrites what has one meaning only, and what decoding would refuse.
func mend(conf *confmap.Conf) error {
	whole := newConfiguration(conf)
	changes := map[string]any{}
	for _, part := range []string{receivers, processors, exporters, extensions} {
		for _, name := range sortedKeys(section(whole.root, part)) {
			days := slices.Contains(ours, typeOf(name))
			each(section(whole.root, part, name), part+confmap.KeyDelimiter+name, func(path, key, text string) {
				if key == "endpoint" {
					if mended := withBrackets(text); mended != text {
						changes[path] = mended
					}
				}
				if mended, ok := withoutDays(text); ok && days {
					changes[path] = mended
				}
			})
		}
	}
	return conf.Merge(confmap.NewFromStringMap(changes))
}

// each calls f with the texts in settings.
func each(settings map[string]any, path string, f func(path, key, text string)) {
	for key, value := range settings {
		below := path + confmap.KeyDelimiter + key
		switch v := value.(type) {
		case string:
			f(below, key, v)
		case map[string]any:
			each(v, below, f)
		}
	}
}

// withBrackets puts the IPv6 address of an endpoint into brackets: ::1:4317 has a port, as every endpoint
// has, and is made of a variable for the host.
func withBrackets(endpoint string) string {
	colon := strings.LastIndexByte(endpoint, ':')
	if colon < 0 {
		return endpoint
	}
	host, port := endpoint[:colon], endpoint[colon+1:]
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return endpoint
	}
	if addr, err := netip.ParseAddr(host); err != nil || !addr.Is6() {
		return endpoint
	}
	return net.JoinHostPort(host, port)
}

var days = regexp.MustCompile(`^(\d{1,6})d((?:\d+h)?(?:\d+m)?(?:\d+s)?)$`)

// withoutDays writes a duration such as 7d or 1d12h as time.ParseDuration reads it.
func withoutDays(text string) (string, bool) {
	found := days.FindStringSubmatch(text)
	if found == nil {
		return "", false
	}
	n, err := strconv.Atoi(found[1])
	if err != nil {
		return "", false
	}
	rest := found[2]
	hours := 24 * n
	if h, others, ok := strings.Cut(rest, "h"); ok {
		more, err := strconv.Atoi(h)
		if err != nil {
			return "", false
		}
		hours, rest = hours+more, others
	}
	return strconv.Itoa(hours) + "h" + rest, true
}

// forgetOptOuts takes away the key that stock components do not know.
func forgetOptOuts(conf *confmap.Conf) {
	root := conf.ToStringMap()
	for part, kinds := range map[string][]string{receivers: {typeOTLP}, extensions: {typePprof, typeZpages}} {
		for name := range section(root, part) {
			if slices.Contains(kinds, typeOf(name)) {
				conf.Delete(part + confmap.KeyDelimiter + name + confmap.KeyDelimiter + optOut)
			}
		}
	}
}
