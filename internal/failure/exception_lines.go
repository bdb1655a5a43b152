package failure

import (
	"slices"
	"strconv"
	"strings"
)

// escapedStack are the signs that a stack's line breaks were written as escapes.
var escapedStack = []string{
	`\tat `, `\n at `, `\n  at `, `\n    at `, `\n   at `, `\n  File `, `\nCaused by`, `\n\t`, `\ngoroutine `,
	`\n#0 `, `\n#1 `, `\nStack trace:`, `\n** (`, `\n    (`, `\nstack backtrace:`, `\n   0: `, `\n      in `, `\n/`,
}

var unescape = strings.NewReplacer(`\\r`, "", `\\n`, "\n", `\\t`, "\t", `\r`, "", `\n`, "\n", `\t`, "\t")

// syslog writes control characters as # and three octal digits.
var unescapeSyslog = strings.NewReplacer("#015", "", "#012", "\n", "#011", "\t")

// unfold does the same for a text that is proven to be a stack, whatever its lines look like.
func unfold(s string) string {
	if s = restoreLines(s); strings.IndexByte(s, '\n') < 0 && strings.Contains(s, `\n`) {
		return unescape.Replace(s)
	}
	return s
}

// restoreLines turns the escapes of a stack that was written into one line back into line breaks.
// Other text is left alone: \t may be part of a Windows path.
func restoreLines(s string) string {
	if strings.Contains(s, "#012") {
		s = unescapeSyslog.Replace(s)
	}
	if strings.IndexByte(s, '\r') >= 0 {
		s = strings.ReplaceAll(s, "\r\n", "\n")
	}
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	for _, sign := range escapedStack {
		if strings.Contains(s, sign) {
			return unescape.Replace(s)
		}
	}
	return s
}

// containsAny reports whether a text contains one of several.
func containsAny(s string, parts []string) bool {
	return slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(s, part) })
}

// lineNumber is a line of source, 0 where the text is none.
func lineNumber(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		return 0
	}
	return n
}
