// Package semconv reads what the semantic conventions of OpenTelemetry say of a record: by which
// attributes, under today's names, former ones and those of widespread libraries, and what their
// values mean. It is the only place that knows attribute names.
//
// It holds facts of protocols. Whom an answer blames, or what an error means for a verdict, is a
// judgement and belongs to whoever judges.
//
// It imports nothing of this project but address, so that signals themselves are read through it.
// Readers are generic over Attributes and allocate nothing, unless their comment says so.
package semconv

import (
	"strconv"
	"strings"
)

// Attributes is what is read of a record's or a resource's attributes, however they are held.
type Attributes interface {
	// Str returns the text of a string attribute, "" where it is missing or of another type.
	Str(key string) string
	// Int returns an integer, or a string or whole double that reads as one.
	Int(key string) (int64, bool)
	// Code returns a string attribute, and any that is or reads as an integer also as one.
	Code(key string) (text string, number int64, isNumber bool)
}

// ParseInt reads a decimal integer. Unlike strconv it allocates nothing for a text that is none.
func ParseInt(text string) (int64, bool) {
	if strings.Trim(text, "+-0123456789") != "" {
		return 0, false
	}
	i, err := strconv.ParseInt(text, 10, 64)
	return i, err == nil
}

// firstStr returns the first text among keys that is not empty.
func firstStr[A Attributes](attrs A, keys ...string) string {
	for _, key := range keys {
		if s := attrs.Str(key); s != "" {
			return s
		}
	}
	return ""
}
