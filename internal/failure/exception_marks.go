package failure

// languages are the forms in which exceptions are written, with the words one of which a text has
// that is of the form. The first that finds something has the text: what proves its language comes
// before what only suggests it.
var languages = []language{
	{parsePython, []string{pythonTrace}},
	{parsePHP, []string{"#0 ", " on line "}},
	{parseRuby, []string{":in `", ":in '"}},
	{parseElixir, []string{"** (", ".ex:", ".exs:"}},
	{parseErlang, []string{`,[{file,"`, "exception error:", "exception exit:", "exception throw:"}},
	{parseDotnet, frameStarts},
	{parseNode, nodeSources},
	{parseBrowser, browserSources},
	{parseGoTrace, []string{".go:", "goroutine "}},
	{parseRust, []string{panickedAt, "Caused by:", "Location:"}},
	{parseSwift, []string{"Fatal error", "Precondition failed", "Assertion failed", nsMarker, "rashed:"}},
	{parseXRay, []string{"\tat ", `\tat `}},
	{parseJava, append([]string{
		"Exception", "Error", "Throwable", ".java", ".kt:", ".scala:", ".groovy:", ".clj:", ".php:", "(Unknown Source)", "(Native Method)",
	}, frameStarts...)},
	{parseGoMessage, []string{"panic: ", "fatal error: ", "panic serving ", runtimeError}},
}

// frameStarts start the lines of frames; a text begins behind a line break.
var frameStarts = []string{"  at ", "\tat ", "\nat ", "\n at ", `\tat `, `\nat `, `\n at `, "#011at "}

type language struct {
	parse exceptionParser
	marks []string
}

var languageMarks = newWordSet(languages)

// wordSet finds out in one pass over a text of which languages it has a mark, by the automaton of
// Aho and Corasick.
type wordSet struct {
	class [256]int // 0 of bytes that are in no word
	next  []int    // by the number of a state plus a class; states are numbered by rows of next, negated where one has found something
	found []uint32 // by state, a bit for each language of which a mark ends there
	start int      // the state behind a line break
}

func newWordSet(languages []language) *wordSet {
	w := &wordSet{}
	width := 1
	for _, l := range languages {
		for _, word := range l.marks {
			for i := range len(word) {
				if c := &w.class[word[i]]; *c == 0 {
					*c = width
					width++
				}
			}
		}
	}
	root := w.addRow(width)
	for i, l := range languages {
		for _, word := range l.marks {
			w.found[w.add(root, width, word)] |= 1 << i
		}
	}
	w.link(root, width)
	w.start = w.next[root+w.class['\n']]
	for edge, to := range w.next {
		if w.found[to] != 0 {
			w.next[edge] = -to
		}
	}
	return w
}

func (w *wordSet) addRow(width int) int {
	row := len(w.next)
	w.next = append(w.next, make([]int, width)...)
	w.found = append(w.found, make([]uint32, width)...)
	return row
}

// add returns the state in which a word has been read.
func (w *wordSet) add(root, width int, word string) int {
	at := root
	for i := range len(word) {
		edge := at + w.class[word[i]]
		if w.next[edge] == root {
			row := w.addRow(width) // may move next
			w.next[edge] = row
		}
		at = w.next[edge]
	}
	return at
}

// link completes the trie breadth first: where a state has no edge of its own, it has that of the
// longest word's start that its text ends in.
func (w *wordSet) link(root, width int) {
	suffix := make(map[int]int)
	queue := []int{root}
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		for class := range width {
			edge := at + class
			child, fallback := w.next[edge], root
			if at != root {
				fallback = w.next[suffix[at]+class]
			}
			if child == root {
				w.next[edge] = fallback
				continue
			}
			suffix[child] = fallback
			w.found[child] |= w.found[fallback]
			queue = append(queue, child)
		}
	}
}

// in returns a bit for each language of which the text has a mark.
func (w *wordSet) in(text string) uint32 {
	at, found := w.start, uint32(0)
	for i := range len(text) {
		if at = w.next[at+w.class[text[i]]]; at < 0 {
			at = -at
			found |= w.found[at]
		}
	}
	return found
}
