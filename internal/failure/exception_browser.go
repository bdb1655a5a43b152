package failure

import (
	"cmp"
	"regexp"
	"strings"
)

var (
	// browserSources are what stands between function and file in a stack of Firefox or Safari.
	browserSources = []string{"@http", "@file:", "@webpack", "@[native code]", "@blob:", "@capacitor:", "@app:", "@ionic:", "-extension://"}
	browserFrame   = regexp.MustCompile(`^(?:[a-z]+\*)?([^@]*)@(.+?)(?::(\d+):\d+)?$`)
)

// parseBrowser reads the stacks of Firefox and Safari. Chrome's are read as Node's.
func parseBrowser(text string) []*Exception {
	var e, header *Exception
	for line := range strings.SplitSeq(unfold(text), "\n") {
		line = strings.TrimSpace(line)
		f, ok := browserFrameOf(cut(line, maxFrame))
		switch {
		case !ok && e == nil:
			if named := nodeException(cut(line, maxSignatureInput)); named.Type != "" {
				header = named
			}
		case !ok:
		case e == nil:
			e = orUnnamed(header)
			e.Frames = []Frame{f}
		case len(e.Frames) < maxFrames:
			e.Frames = append(e.Frames, f)
		}
	}
	return listOf(e)
}

// browserFrameOf reads "addToCart@https://shop.example/assets/cart-9f.js:1:2204".
func browserFrameOf(s string) (Frame, bool) {
	if !containsAny(s, browserSources) || strings.ContainsAny(s, " \t") && !strings.HasPrefix(s, "global code@") &&
		!strings.HasPrefix(s, "module code@") && !strings.HasPrefix(s, "eval code@") && !strings.HasPrefix(s, "async ") &&
		!strings.HasSuffix(s, "@[native code]") {
		return Frame{}, false
	}
	m := browserFrame.FindStringSubmatch(s)
	if m == nil || m[3] == "" && m[2] != "[native code]" {
		return Frame{}, false
	}
	function := strings.TrimRight(strings.TrimPrefix(m[1], "async "), "/<")
	return Frame{
		Function: cmp.Or(function, anonymous), File: m[2], Line: lineNumber(m[3]),
		InApp: m[2] != "[native code]" && !isJSLibrary(m[2]),
	}, true
}

// isJSLibrary reports whether a file of JavaScript is no part of the application: a dependency, the
// runtime's own, or a bundle that by its name holds only these.
func isJSLibrary(file string) bool {
	return strings.HasPrefix(file, "node:") || strings.HasPrefix(file, "internal/") || file == anonymous || containsAny(file, jsLibraries)
}

var jsLibraries = []string{
	"node_modules", "webpack/runtime", "webpack/bootstrap", "webpack-runtime", "-extension://", "/vendor.", "/vendor-", "/vendors.",
	"/vendors-", "/vendors~", "chunk-vendors", "/polyfills", "/framework-", "zone.js", "//unpkg.com/", "//cdn.jsdelivr.net/",
	"//cdnjs.cloudflare.com/", "googletagmanager.com/", "google-analytics.com/",
}
