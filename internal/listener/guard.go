package listener

import (
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/requester"
)

// Rules are what Protect enforces.
type Rules struct {
	// Endpoint is the listener's address; a specific host in it may be used in Host headers.
	Endpoint string
	// AllowedHosts are names, without port, that Host headers may have beside those of the
	// loopback: exact, "*.example.com" for every name below it, or "*" for all.
	AllowedHosts []string
	// TrustedProxies are believed whose request they forward: the request's RemoteAddr then is the sender's.
	TrustedProxies requester.Proxies
	// AllowedOrigins are foreign origins whose pages may send requests that change something, as
	// in confighttp's CORS: "https://app.example.com", with at most one "*" for any characters.
	AllowedOrigins []string
	// Encodings are the content encodings a body may have ("" and "identity" always).
	Encodings []string
}

// Guard refuses, with problem+json, requests
//   - whose Host is neither a loopback name nor configured (403): a page of another site that
//     had its name resolve to this listener,
//   - that may change something and come from a page of another origin (403),
//   - that read, come from a page of another origin and do not open a page of their own (403): an image
//     of another site must not set the store to work, nor a script learn anything from how long it took,
//   - whose body is not JSON, or encoded in a way that is not enabled (415).
//
// GET, HEAD and OPTIONS change nothing and have no body that is read.
func Guard(next http.Handler, rules Rules) http.Handler {
	hosts := newHostList(rules.Endpoint, rules.AllowedHosts)
	crossOrigin := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !hosts.allow(r.Host) {
			WriteProblem(w, http.StatusForbidden, fmt.Sprintf("Host %q is not allowed; add it to allowed_hosts", r.Host))
			return
		}
		allowed := originAllowed(r.Header.Get("Origin"), rules.AllowedOrigins)
		if isSafe(r.Method) {
			if r.Method != http.MethodOptions && !allowed && FromElsewhere(r) && !isNavigation(r) {
				WriteProblem(w, http.StatusForbidden, "requests from pages of another site are refused, but for links to a page; allow the origin in cors.allowed_origins")
				return
			}
			next.ServeHTTP(w, r)
			return
		}
		if !allowed && crossOrigin.Check(r) != nil {
			WriteProblem(w, http.StatusForbidden, "requests from pages of another origin are refused; allow the origin in cors.allowed_origins")
			return
		}
		if r.Body != nil && r.Body != http.NoBody {
			if problem := checkBody(w, r, rules.Encodings); problem != "" {
				WriteProblem(w, http.StatusUnsupportedMediaType, problem)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

func isSafe(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
}

// checkBody returns what is wrong with the body's headers. It spells Content-Encoding as
// confighttp expects it.
func checkBody(w http.ResponseWriter, r *http.Request, encodings []string) string {
	if !isJSON(r.Header.Get("Content-Type")) {
		return fmt.Sprintf("Content-Type %q is not supported; send application/json or application/x-ndjson in UTF-8", r.Header.Get("Content-Type"))
	}
	encoding := strings.ToLower(strings.TrimSpace(strings.Join(r.Header.Values("Content-Encoding"), ", ")))
	if encoding == "" || encoding == "identity" {
		r.Header.Del("Content-Encoding")
		return ""
	}
	if !slices.Contains(encodings, encoding) {
		supported := strings.Join(append([]string{"identity"}, withoutEmpty(encodings)...), ", ")
		w.Header().Set("Accept-Encoding", supported)
		return fmt.Sprintf("Content-Encoding %q is not supported; use one of: %s", encoding, supported)
	}
	r.Header.Set("Content-Encoding", encoding)
	return ""
}

// isJSON accepts application/json, anything +json, and the names of newline-delimited JSON.
func isJSON(contentType string) bool {
	media, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return false
	}
	if charset, ok := params["charset"]; ok && !strings.EqualFold(charset, "utf-8") {
		return false
	}
	switch media {
	case "application/json", "application/x-ndjson", "application/ndjson", "application/jsonl":
		return true
	}
	return strings.HasPrefix(media, "application/") && strings.HasSuffix(media, "+json")
}

func originAllowed(origin string, allowed []string) bool {
	if origin == "" {
		return false
	}
	origin = strings.ToLower(origin)
	for _, pattern := range allowed {
		before, after, wildcard := strings.Cut(strings.ToLower(pattern), "*")
		if !wildcard {
			if origin == before {
				return true
			}
			continue
		}
		if len(origin) >= len(before)+len(after) && strings.HasPrefix(origin, before) && strings.HasSuffix(origin, after) {
			return true
		}
	}
	return false
}

func withoutEmpty(list []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return s == "" })
}
