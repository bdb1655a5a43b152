package failure

import (
	"math/bits"
	"strings"
)

// Exception is one exception with its stack, nearest the throw first, and what caused it.
type Exception struct {
	Type    string
	Message string
	Code    string // of the operating system, where the runtime prints it beside the type
	Frames  []Frame
	Cause   *Exception
}

// Frame is one stack frame. Generated suffixes are removed from Module and Function.
type Frame struct {
	Module   string // class, package or module path
	Function string
	File     string
	Line     int // 0 where unknown; never part of a signature
	InApp    bool
	Closure  bool // a function without a name of its own; Function names the one around it
}

// anonymous is the function of a frame that names none.
const anonymous = "<anonymous>"

// Innermost follows the causes to the first one thrown.
func (e *Exception) Innermost() *Exception {
	for e.Cause != nil {
		e = e.Cause
	}
	return e
}

// endAtDeadline cuts the causes off below a timeout that a cancellation caused: by cancelling, a deadline
// stops what it waited for.
func (e *Exception) endAtDeadline() {
	for ; e != nil; e = e.Cause {
		if e.Cause != nil && strings.Contains(simpleName(e.Type), "Timeout") && strings.Contains(simpleName(e.Cause.Type), "Cancel") {
			e.Cause = nil
		}
	}
}

// Bounds on what is read of one text.
const (
	maxExceptions = 64
	maxFrames     = 256 // of one exception, nearest the throw
)

// exceptionParser reads the exceptions of one language from a text that has a mark of it, nil where
// there are none. It takes linear time.
type exceptionParser func(text string) []*Exception

// ParseExceptions reads the exceptions written in a log body or stack trace attribute, with or
// without line breaks, causes linked; nil where there is none. The language is detected by what it
// writes; another is read by adding its parser to languages.
func ParseExceptions(text string) []*Exception {
	for marked := languageMarks.in(text); marked != 0; marked &= marked - 1 {
		if found := languages[bits.TrailingZeros32(marked)].parse(text); len(found) > 0 {
			for _, e := range found {
				e.endAtDeadline()
			}
			return found
		}
	}
	return nil
}
