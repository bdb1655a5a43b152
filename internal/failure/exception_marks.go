package failure

import "strings"

// exceptionMarks are what texts contain that hold an exception of any language: where there is none
// of them, no parser need look.
var exceptionMarks = newWordSet(
	"rror", "xception", "hrowable", "raceback", "panic", "rashed:", "ssertion failed", "recondition failed", "aused by", "Location:",
	".java", ".kt:", ".scala:", ".groovy:", ".clj:", ".php:", ".cs:", ".go:", "goroutine ", ".rs:", ".swift", ".ex:", ".exs:", "** (", `,[{file,"`,
	"node:", "js:", ".ts:", "sx:", ".vue:", "bundle:", "html:", ":in `", ":in '", "#0 ", " on line ", "Unknown Source", "Native Method",
	"  at ", "\tat ", "\nat ", "\n at ", `\tat `, `\nat `, `\n at `, "@http", "@file:", "@webpack", "@[native code]", "@blob:", "@capacitor:", "@app:", "@ionic:", "-extension://",
)

func mayHoldException(text string) bool {
	return strings.HasPrefix(text, "at ") || strings.HasPrefix(text, " at ") || exceptionMarks.in(text)
}

// wordSet finds out whether a text contains one of several words in one pass over it, by the
// automaton of Aho and Corasick.
type wordSet struct {
	class [256]int // 0 of bytes that are in no word
	next  []int    // by the number of a state plus a class; states are numbered by rows of next
	final []bool   // by state: whether it ends a word
}

func newWordSet(words ...string) *wordSet {
	w := &wordSet{}
	width := 1
	for _, word := range words {
		for i := range len(word) {
			if c := &w.class[word[i]]; *c == 0 {
				*c = width
				width++
			}
		}
	}
	addRow := func() int {
		row := len(w.next)
		w.next = append(w.next, make([]int, width)...)
		w.final = append(w.final, make([]bool, width)...)
		return row
	}
	root := addRow()
	for _, word := range words {
		at := root
		for i := range len(word) {
			edge := at + w.class[word[i]]
			if w.next[edge] == root {
				row := addRow() // may move next
				w.next[edge] = row
			}
			at = w.next[edge]
		}
		w.final[at] = true
	}
	w.link(root, width)
	return w
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
			w.final[child] = w.final[child] || w.final[fallback]
			queue = append(queue, child)
		}
	}
}

func (w *wordSet) in(text string) bool {
	at := 0
	for i := range len(text) {
		at = w.next[at+w.class[text[i]]]
		if w.final[at] {
			return true
		}
	}
	return false
}
