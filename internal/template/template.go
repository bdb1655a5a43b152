// Package template tells log records that say the same from others: by where in the code they were written, if they
// say so, else by their words without values. Nothing is learned or kept, and the order of records does not matter.
package template

import (
	"slices"
	"strconv"
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/failure/logline"
	"github.com/prodsentinel/prodsentinel/internal/semconv"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

const (
	// maxHead bounds how much of a record is read, in bytes, and maxWords how many of its words tell it from others.
	maxHead  = 256
	maxWords = 8
	// maxPlaceWord is within how many words of a line its place in the code stands.
	maxPlaceWord = 8
)

// Template is what records have in common that say the same.
type Template struct {
	// Severity is the first number of OTLP's range of severities: 1, 5, 9, 13, 17 or 21; 0 where a record has none.
	Severity int32
	// Place is where in the code they were written, as file:line or class#line, "" where they do not say.
	Place string
	// Words are the first of their words, without values. Below ERROR they are "" where Place is known.
	Words string
}

// IsError reports whether the records tell of an error.
func (t Template) IsError() bool { return t.Severity >= signal.SeverityError }

// Of is the template of a record.
func Of(l *signal.Log) Template {
	body := l.Body.Str()
	head := body[:min(len(body), maxHead)]
	t := Template{Severity: severityOf(l, head), Place: placeOf(l, head)}
	if t.Place == "" || t.IsError() {
		t.Words = wordsOf(l, head)
	}
	return t
}

func severityOf(l *signal.Log, head string) int32 {
	s := l.Severity
	if s == 0 {
		s = logline.Severity(head)
	}
	if s <= 0 {
		return 0
	}
	return (min(s, 24)-1)/4*4 + 1
}

// placeOf is where in the code a record was written.
func placeOf(l *signal.Log, head string) string {
	if p, ok := semconv.CodePlaceOf(l.Attributes); ok && p.File != "" && p.Line > 0 {
		return p.File + ":" + strconv.Itoa(p.Line)
	}
	words := 0
	for word := range strings.FieldsSeq(head) {
		if words++; words > maxPlaceWord {
			break
		}
		if word = strings.Trim(word, "[]()<>,;-"); isPlace(strings.TrimSuffix(word, ":")) {
			return strings.TrimSuffix(word, ":")
		}
	}
	return ""
}

// sourceFiles are the endings of files that a line may be written from.
var sourceFiles = []string{".c", ".cc", ".cpp", ".cs", ".go", ".java", ".js", ".kt", ".php", ".py", ".rb", ".rs", ".scala", ".swift", ".ts"}

// isPlace reports whether a word is a place in code: a class or a source file with the number of a line.
func isPlace(word string) bool {
	at := strings.LastIndexAny(word, "#:")
	if at <= 0 || at == len(word)-1 || strings.Trim(word[at+1:], "0123456789") != "" {
		return false
	}
	of := word[:at]
	if word[at] == '#' {
		return strings.ContainsAny(of[:1], letters) && !strings.Contains(of, "/") && (strings.Contains(of, ".") || strings.ToLower(of) != of)
	}
	return slices.ContainsFunc(sourceFiles, func(ending string) bool { return strings.HasSuffix(of, ending) && len(of) > len(ending) })
}

const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_$"

// wordsOf are the first words of a message, without values.
func wordsOf(l *signal.Log, head string) string {
	message := head
	if parsed := logline.Parse(l.Body.Str()).Message; parsed != "" {
		message = parsed
	}
	if message == "" {
		if fields, ok := l.Body.Data.(signal.Map); ok {
			message = logline.Fields(fields).Message
		}
	}
	message, _, _ = strings.Cut(message[:min(len(message), maxHead)], "\n")
	words := strings.Fields(failure.Parameterize(strings.ToValidUTF8(message, "")))
	return strings.Join(words[:min(len(words), maxWords)], " ")
}
