package semconv

// CodePlace is the place in a program that a record names.
type CodePlace struct {
	File   string
	Line   int
	Module string // a class or namespace
}

// CodePlaceOf returns the place that attributes name; ok is false without a file and a line.
func CodePlaceOf[A Attributes](attrs A) (place CodePlace, ok bool) {
	place.File = firstStr(attrs, keyCodeFile, keyCodeFileOld)
	for _, key := range [...]string{keyCodeLine, keyCodeLineOld} {
		if line, found := attrs.Int(key); found && line > 0 && line < 1<<31 {
			place.Line = int(line)
			break
		}
	}
	place.Module = attrs.Str(keyCodeNamespaceOld)
	return place, place.File != "" && place.Line != 0
}
