package postgres

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// isText reports whether a text column carries s: valid UTF-8 without NUL.
func isText(s string) bool { return utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 }

// textOf is s with what a text column cannot carry replaced.
func textOf(s string) string {
	if isText(s) {
		return s
	}
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

func textsOf(list []string) []string {
	if !slices.ContainsFunc(list, func(s string) bool { return !isText(s) }) {
		return list
	}
	texts := make([]string, len(list))
	for i, s := range list {
		texts[i] = textOf(s)
	}
	slices.Sort(texts)
	return slices.Compact(texts)
}

// carried is a classification with names that the columns carry. It is made before anything is
// compared with what is stored, so that a name that had to be changed is no news the next time.
func carried(c incident.Classification) incident.Classification {
	c.EntryService, c.EntryOperation = textOf(c.EntryService), textOf(c.EntryOperation)
	c.Services, c.Environments, c.Versions = textsOf(c.Services), textsOf(c.Environments), textsOf(c.Versions)
	c.Roots = slices.Clone(c.Roots)
	for i := range c.Roots {
		r := &c.Roots[i]
		r.Signature, r.Title = textOf(r.Signature), textOf(r.Title) // the other keys are hashes
		r.Variants = slices.Clone(r.Variants)
		for j := range r.Variants {
			r.Variants[j].Message = textOf(r.Variants[j].Message)
		}
		r.Service, r.Component, r.Operation = textOf(r.Service), textOf(r.Component), textOf(r.Operation)
		r.Parts.Environment = textOf(r.Parts.Environment)
		r.Parts.Identity = slices.Clone(r.Parts.Identity)
		for j, part := range r.Parts.Identity {
			r.Parts.Identity[j] = textOf(part)
		}
	}
	return c
}

// carriedAll is carried for a batch.
func carriedAll(results []store.Classified) []store.Classified {
	list := make([]store.Classified, len(results))
	for i, r := range results {
		r.Classification = carried(r.Classification)
		list[i] = r
	}
	return list
}
