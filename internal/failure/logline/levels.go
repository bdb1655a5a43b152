package logline

import (
	"cmp"

	"github.com/prodsentinel/prodsentinel/internal/semconv"
)

// Levels collects what the fields of one structured record say of its severity; the first field
// that is a level decides. The zero value is ready to use. Nothing of it allocates.
type Levels struct {
	sure   int32
	likely int32 // of a field that is a level in some formats only
	low    int32 // of a number below 8, if the record is of a format with syslog's numbers
	syslog bool  // it is
}

// Severity returns the severity that the fields state, 0 where they state none.
func (l *Levels) Severity() int32 {
	if l.sure == 0 && l.syslog {
		return cmp.Or(l.low, l.likely)
	}
	return cmp.Or(l.sure, l.likely)
}

// AddText adds a field whose value is text.
func (l *Levels) AddText(f semconv.LogField, value string) {
	switch f {
	case semconv.LogFieldFacility, semconv.LogFieldShortMessage:
		l.syslog = true
	case semconv.LogFieldLevel, semconv.LogFieldGoogleLevel, semconv.LogFieldPriority, semconv.LogFieldPythonLevel,
		semconv.LogFieldAzureLevel, semconv.LogFieldSeverityNumber, semconv.LogFieldLetter:
		if n, ok := number(value); ok {
			l.AddNumber(f, n)
		} else {
			l.addName(f, value)
		}
	}
}

func (l *Levels) addName(f semconv.LogField, name string) {
	switch {
	case len(name) > 2*maxLevel:
	case f == semconv.LogFieldLevel, f == semconv.LogFieldGoogleLevel:
		l.sure = cmp.Or(l.sure, Level(name))
	case f == semconv.LogFieldPriority:
		l.likely = cmp.Or(l.likely, Level(name))
	case f == semconv.LogFieldLetter && len(name) == 1:
		l.likely = cmp.Or(l.likely, levelOfLetter(name[0]))
	}
}

// AddNumber adds a field whose value is a number.
func (l *Levels) AddNumber(f semconv.LogField, n int64) {
	switch f {
	case semconv.LogFieldLevel:
		l.low = cmp.Or(l.low, levelOfSyslog(n))
		l.sure = cmp.Or(l.sure, levelOfNumber(n))
	case semconv.LogFieldGoogleLevel:
		l.low = cmp.Or(l.low, levelOfSyslog(n))
		l.sure = cmp.Or(l.sure, levelOfGoogle(n))
	case semconv.LogFieldPriority:
		l.likely = cmp.Or(l.likely, levelOfSyslog(n))
	case semconv.LogFieldPythonLevel:
		l.sure = cmp.Or(l.sure, levelOfPython(n))
	case semconv.LogFieldAzureLevel:
		l.sure = cmp.Or(l.sure, levelOfAzure(n))
	case semconv.LogFieldSeverityNumber:
		if n >= 1 && n <= 24 {
			l.sure = cmp.Or(l.sure, int32(n))
		}
	case semconv.LogFieldFacility:
		l.syslog = true
	}
}
