package otlpscan

import "slices"

const (
	// maxRecordEdits and maxRequestEdits bound what cutting costs: a record that needs more edits is
	// dropped instead. A record of 64 levels is cut with about 200.
	maxRecordEdits  = 1000
	maxRequestEdits = 200_000
)

// edit replaces the bytes from..to of the request by text.
type edit struct {
	from, to int
	text     string
}

// edits are the changes to a request, none of which overlap.
type edits []edit

// remove adds an edit that deletes from..to, joined with the last edit if that ends there.
func (es *edits) remove(from, to int) {
	if n := len(*es); n > 0 && (*es)[n-1].to == from && (*es)[n-1].text == "" {
		(*es)[n-1].to = to
		return
	}
	*es = append(*es, edit{from: from, to: to})
}

// replace adds an edit.
func (es *edits) replace(from, to int, text string) {
	*es = append(*es, edit{from: from, to: to, text: text})
}

// last returns the text of the edit added last.
func (es edits) last() string { return es[len(es)-1].text }

// apply returns body with the edits made: body itself if there are none.
func (es edits) apply(body []byte) []byte {
	if len(es) == 0 {
		return body
	}
	slices.SortStableFunc(es, func(a, b edit) int { return a.from - b.from })
	size := len(body)
	for _, e := range es {
		size += len(e.text) - (e.to - e.from)
	}
	out := make([]byte, 0, size)
	at := 0
	for _, e := range es {
		out = append(out, body[at:e.from]...)
		out = append(out, e.text...)
		at = e.to
	}
	return append(out, body[at:]...)
}
