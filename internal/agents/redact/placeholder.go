package redact

import (
	"regexp"
	"strconv"
	"strings"
)

// escapeWord marks text of the telemetry that looked like a placeholder: <email:1> is shown as
// <text:email:1>, and <text:email:1> as <text:text:email:1>. So what reads <email:1> is always ours.
const escapeWord = "text"

func placeholderPatterns(kinds []string) (literal, placeholder *regexp.Regexp) {
	names := strings.Join(kinds, "|") // lower-case words: nothing to quote
	literal = regexp.MustCompile(`<(?:` + escapeWord + `:)*(?:` + names + `):\d+>`)
	placeholder = regexp.MustCompile(`<((?:` + escapeWord + `:)*)(?:` + names + `):\d+>`)
	return literal, placeholder
}

func (r *Redactor) escape(text string) string {
	if !strings.Contains(text, ":") || !strings.Contains(text, "<") {
		return text
	}
	return r.literal.ReplaceAllStringFunc(text, func(s string) string { return "<" + escapeWord + ":" + s[1:] })
}

// restore gives placeholders their value where value knows it, and takes escapes back.
func (r *Redactor) restore(text string, value func(placeholder string) (string, bool)) string {
	if !strings.Contains(text, "<") {
		return text
	}
	return r.placeholder.ReplaceAllStringFunc(text, func(s string) string {
		if rest, escaped := strings.CutPrefix(s, "<"+escapeWord+":"); escaped {
			return "<" + rest
		}
		if v, ok := value(s); ok {
			return v
		}
		return s
	})
}

func placeholder(kind string, n int) string { return "<" + kind + ":" + strconv.Itoa(n) + ">" }
