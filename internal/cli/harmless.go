package cli

import (
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/prodsentinel/prodsentinel/internal/escape"
)

// Harmless is an option of loggers that keeps texts, which may quote telemetry, from steering the terminal
// they are read in and from looking like lines of their own.
func Harmless() zap.Option {
	return zap.WrapCore(func(core zapcore.Core) zapcore.Core { return harmless{core} })
}

type harmless struct{ zapcore.Core }

func (h harmless) With(fields []zapcore.Field) zapcore.Core {
	return harmless{h.Core.With(harmlessFields(fields))}
}

func (h harmless) Check(entry zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if h.Core.Check(entry, nil) == nil { // its level, or a sampler, says no
		return checked
	}
	return checked.AddCore(entry, h)
}

func (h harmless) Write(entry zapcore.Entry, fields []zapcore.Field) error {
	entry.Message = escape.Line(entry.Message)
	return h.Core.Write(entry, harmlessFields(fields))
}

// harmlessFields are the fields with texts and errors that a terminal can show. Encoders escape line
// breaks in fields.
func harmlessFields(fields []zapcore.Field) []zapcore.Field {
	shown := make([]zapcore.Field, len(fields))
	for i, f := range fields {
		switch f.Type {
		case zapcore.StringType:
			f.String = escape.Text(f.String)
		case zapcore.ErrorType:
			if err, ok := f.Interface.(error); ok {
				f = zap.String(f.Key, escape.Text(err.Error()))
			}
		default:
		}
		shown[i] = f
	}
	return shown
}
