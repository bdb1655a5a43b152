package failure

// Exception is one exception with its stack, nearest the throw first, and what caused it.
type Exception struct {
	Type    string
	Message string
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

// Bounds on what is read of one text.
const (
	maxExceptions = 64
	maxFrames     = 256 // of one exception, nearest the throw
)

// exceptionParser reads the exceptions of one language, nil where the text has none of it. It
// takes linear time.
type exceptionParser func(text string) []*Exception

// parsers are tried in this order; the first that finds something has the text. What proves its
// language comes before what only suggests it.
var parsers = []exceptionParser{
	parsePython, parsePHP, parseRuby, parseElixir, parseErlang, parseDotnet, parseNode, parseBrowser, parseGoTrace, parseRust,
	parseSwift, parseXRay, parseJava, parseGoMessage,
}

// ParseExceptions reads the exceptions written in a log body or stack trace attribute, with or
// without line breaks, causes linked; nil where there is none. The language is detected by
// what it writes; another is read by adding its parser.
func ParseExceptions(text string) []*Exception {
	if !mayHoldException(text) {
		return nil
	}
	for _, parse := range parsers {
		if found := parse(text); len(found) > 0 {
			return found
		}
	}
	return nil
}
