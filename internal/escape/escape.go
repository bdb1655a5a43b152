// Package escape makes text of unknown origin safe to show: telemetry may hold whatever its sender
// likes, and each place where it is shown can be steered in its own way. A terminal obeys control
// characters, a reader of logs takes a line break for a new entry, Markdown takes text for markup.
// Pages escape by html/template.
package escape

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// steers reports whether a character can steer what shows it, or hide or reorder text: control
// characters, those that format, and the line and paragraph separators.
func steers(r rune) bool {
	return unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp)
}

// Text replaces what can steer a terminal or hide text, and keeps line breaks and tabs.
func Text(s string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && steers(r) {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}

// Line is Text on one line: nothing that s holds can look like a line of ours.
func Line(s string) string {
	if strings.ContainsAny(s, "\n\r\t") {
		s = strings.NewReplacer("\r\n", " ", "\n", " ", "\r", " ", "\t", " ").Replace(s)
	}
	return Text(s)
}

// JSON writes what can steer a terminal as \u escapes. The JSON means the same.
func JSON(body []byte) []byte {
	if !strings.ContainsFunc(string(body), steersJSON) {
		return body
	}
	out := make([]byte, 0, len(body)+len(body)/8)
	for _, r := range string(body) {
		switch {
		case !steersJSON(r):
			out = utf8.AppendRune(out, r)
		case r > 0xFFFF:
			r -= 0x10000
			out = fmt.Appendf(out, `\u%04x\u%04x`, 0xD800+r>>10, 0xDC00+r&0x3FF)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
	}
	return out
}

// steersJSON leaves out what is between values, where control characters are line breaks of ours.
func steersJSON(r rune) bool { return r >= 0x7F && steers(r) }

// markup are the characters that mean something to Markdown anywhere in a line.
const markup = "\\`*_{}[]<>&|~#!$^"

var (
	// begins are what means something at the beginning of a line: lists, headings, quotes, rules.
	begins = regexp.MustCompile(`^(?:[-+=:]|\d{1,9}[.)])`)
	// links are addresses that many renderers turn into links.
	links = regexp.MustCompile(`(?i)(://|\bwww\.|mailto:|xmpp:)`)
)

// Markdown makes text stand for itself in a line of Markdown, wherever in it: no markup, HTML or link.
func Markdown(s string) string {
	s = Line(s)
	var b strings.Builder
	for _, r := range s {
		if strings.ContainsRune(markup, r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	s = links.ReplaceAllStringFunc(b.String(), func(link string) string {
		return strings.NewReplacer(":", `\:`, ".", `\.`).Replace(link)
	})
	if begin := begins.FindString(s); begin != "" {
		s = s[:len(begin)-1] + `\` + s[len(begin)-1:]
	}
	return s
}

// chat are the characters by which chats mark mentions, links and formatting, with what stands for them.
var chat = strings.NewReplacer("<", "\u2039", ">", "\u203a", "@", "\uff20", "`", "\u2019", "*", "\u2217", "~", "\u223c", "[", "(", "]", ")", "|", "\u00a6")

// chatLinks are addresses that chats turn into links, by what their link is recognised by.
var chatLinks = regexp.MustCompile(`(?i)(://|\bwww\.|\bmailto:|\btel:)`)

// Chat makes text stand for itself in a line of a chat, a page or a ticket, whatever shows it: no mention, link or
// markup. Characters that could be one are replaced by others that look alike.
func Chat(s string) string {
	s = chat.Replace(Line(s))
	return chatLinks.ReplaceAllStringFunc(s, func(link string) string {
		return strings.NewReplacer(":", "\ua789", ".", "\u2024").Replace(link)
	})
}
