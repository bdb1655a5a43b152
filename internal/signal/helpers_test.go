package signal_test

import (
	"bytes"
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// byID sorts a copy: building OTLP may regroup records.
func byID[T interface {
	*signal.Span | *signal.Log | *signal.Point
}](records []T) []T {
	sorted := slices.Clone(records)
	slices.SortFunc(sorted, func(a, b T) int {
		x, y := idOf(a), idOf(b)
		return bytes.Compare(x[:], y[:])
	})
	return sorted
}

func idOf(record any) signal.ID {
	switch r := record.(type) {
	case *signal.Span:
		return r.ID
	case *signal.Log:
		return r.ID
	case *signal.Point:
		return r.ID
	}
	return signal.ID{}
}
