package failure

import (
	"slices"
	"strings"
)

// IsCopy reports whether two error signals tell of one exception: by equal types and messages, or by
// equal frames where it was thrown. Loggers may leave out the package or module of a type, and print more
// or less of a stack's outer end.
func IsCopy(a, b Observed) bool {
	if message := strings.TrimSpace(a.Message); message != "" && message == strings.TrimSpace(b.Message) {
		if name := simpleName(a.ErrorType); name != "" && name == simpleName(b.ErrorType) {
			return true
		}
	}
	one, other := SignatureOf(a), SignatureOf(b)
	return one.Strategy == StrategyFrames && other.Strategy == StrategyFrames && slices.Equal(one.Parts, other.Parts) ||
		haveOneThrow(a.Stack, b.Stack)
}

// throwFrames is how many frames nearest a throw must be equal, their lines too, where a signature counts
// none of them: those of libraries.
const throwFrames = 4

// haveOneThrow reports whether what two stacks begin with was thrown at one place.
func haveOneThrow(a, b string) bool {
	one, other := ParseExceptions(a), ParseExceptions(b)
	if len(one) == 0 || len(other) == 0 {
		return false
	}
	x, y := one[0].Innermost(), other[0].Innermost()
	n := min(len(x.Frames), len(y.Frames), throwFrames)
	return n > 0 && simpleName(x.Type) == simpleName(y.Type) && x.Message == y.Message && slices.Equal(x.Frames[:n], y.Frames[:n])
}

// simpleName is a type's name without its package or module.
func simpleName(typ string) string { return typ[1+strings.LastIndexAny(typ, ".:\\/"):] }
