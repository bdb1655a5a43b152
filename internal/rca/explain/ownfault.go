package explain

import (
	"slices"
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/rca/evidence"
	"github.com/prodsentinel/prodsentinel/internal/vocabulary"
)

// isOwnFault reports whether an exception is a programming or data error thrown by own code.
func isOwnFault(in *evidence.Record) bool {
	for _, e := range in.Exceptions {
		inner := e.Innermost()
		if !isProgramError(inner) {
			continue
		}
		for _, f := range inner.Frames {
			if f.InApp {
				return true
			}
		}
	}
	return false
}

// isProgramError goes by the type of an exception, and by its message only where the type says
// nothing, as with Go's panics.
func isProgramError(x *failure.Exception) bool {
	text := x.Type
	if !strings.HasSuffix(text, "Exception") && !strings.HasSuffix(text, "Error") || vocabulary.IsWrapper(text) || strings.HasPrefix(text, "runtime.") {
		text += ": " + x.Message
	}
	return slices.ContainsFunc(evidence.SignsOf(x, text), func(s vocabulary.Match) bool { return s.IsCodes() })
}
