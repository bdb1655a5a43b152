package logline

import "cmp"

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
func (l *Levels) AddText(key, value string) {
	l.addText(fieldOf(key), value)
}

func (l *Levels) addText(f field, value string) {
	if f == fieldSyslog || f == fieldShortMessage {
		l.syslog = true
	}
	if f == fieldOther || f > fieldSyslog || len(value) > 2*maxLevel {
		return
	}
	if n, ok := number(value); ok {
		l.add(f, n)
		return
	}
	switch f {
	case fieldLevel, fieldGoogle:
		l.sure = cmp.Or(l.sure, Level(value))
	case fieldPriority:
		l.likely = cmp.Or(l.likely, Level(value))
	case fieldLetter:
		if len(value) == 1 {
			l.likely = cmp.Or(l.likely, levelOfLetter(value[0]))
		}
	}
}

// AddNumber adds a field whose value is a number.
func (l *Levels) AddNumber(key string, n int64) {
	l.add(fieldOf(key), n)
}

func (l *Levels) add(f field, n int64) {
	switch f {
	case fieldLevel:
		l.low = cmp.Or(l.low, levelOfSyslog(n))
		l.sure = cmp.Or(l.sure, levelOfNumber(n))
	case fieldGoogle:
		l.low = cmp.Or(l.low, levelOfSyslog(n))
		l.sure = cmp.Or(l.sure, levelOfGoogle(n))
	case fieldPriority:
		l.likely = cmp.Or(l.likely, levelOfSyslog(n))
	case fieldPython:
		l.sure = cmp.Or(l.sure, levelOfPython(n))
	case fieldAzure:
		l.sure = cmp.Or(l.sure, levelOfAzure(n))
	case fieldOTel:
		if n >= 1 && n <= 24 {
			l.sure = cmp.Or(l.sure, int32(n))
		}
	case fieldSyslog:
		l.syslog = true
	}
}
