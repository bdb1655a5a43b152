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
	return isThrownByOwnCode(in, func(m vocabulary.Match) bool { return m.IsCodes() })
}

// isOwnMistake reports whether an exception is a programming error thrown by own code. Data that does not parse is
// another matter where it came from the caller, and the caller was told so.
func isOwnMistake(in *evidence.Record) bool {
	return isThrownByOwnCode(in, func(m vocabulary.Match) bool { return m.Means == vocabulary.ProgrammingError })
}

func isThrownByOwnCode(in *evidence.Record, is func(vocabulary.Match) bool) bool {
	for _, e := range in.Exceptions {
		inner := e.Innermost()
		if slices.ContainsFunc(inner.Frames, func(f failure.Frame) bool { return f.InApp }) && slices.ContainsFunc(matchesOfProgram(inner), is) {
			return true
		}
	}
	return false
}

// matchesOfProgram goes by the type of an exception, and by its message only where the type says
// nothing, as with Go's panics.
func matchesOfProgram(x *failure.Exception) []vocabulary.Match {
	text := x.Type
	if !strings.HasSuffix(text, "Exception") && !strings.HasSuffix(text, "Error") || vocabulary.IsWrapper(text) || strings.HasPrefix(text, "runtime.") {
		text += ": " + x.Message
	}
	return evidence.MatchesOf(x, text)
}
