package listener

import (
	"net/http"
	"net/url"
	"strings"
)

// Browsers say by Sec-Fetch-* what a request is for. They do so over TLS and to the local machine; other
// programs, and browsers on plain HTTP, say nothing, and only Origin tells of another page.

// FromElsewhere reports whether a request was caused by a page of another site or origin: that it was not
// typed, bookmarked, or caused by a page of this listener.
func FromElsewhere(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "same-origin", "none":
		return false
	case "":
		origin := r.Header.Get("Origin")
		return origin != "" && !isOwnOrigin(origin, r.Host)
	default: // cross-site, and same-site: another program on this machine or a sibling in the domain
		return true
	}
}

// isOwnOrigin compares host and port: behind a proxy that ends TLS, the scheme is another one.
func isOwnOrigin(origin, host string) bool {
	u, err := url.Parse(origin)
	return err == nil && strings.EqualFold(u.Host, host)
}

// isNavigation reports whether a browser opens the address as a page of its own, as for a link in a chat
// or a redirect of an identity provider: not in a frame, nor ahead of time.
func isNavigation(r *http.Request) bool {
	return r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Header.Get("Sec-Fetch-Dest") == "document" &&
		!strings.Contains(r.Header.Get("Sec-Purpose"), "prefetch") && r.Header.Get("Purpose") != "prefetch"
}
