package cli

import (
	"strings"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// WithoutMessage is an option of loggers that leaves out what begins with the given text.
func WithoutMessage(prefix string) zap.Option {
	return zap.WrapCore(func(core zapcore.Core) zapcore.Core { return withoutMessage{core, prefix} })
}

type withoutMessage struct {
	zapcore.Core
	prefix string
}

func (w withoutMessage) With(fields []zapcore.Field) zapcore.Core {
	return withoutMessage{w.Core.With(fields), w.prefix}
}

func (w withoutMessage) Check(entry zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if strings.HasPrefix(entry.Message, w.prefix) {
		return checked
	}
	return w.Core.Check(entry, checked)
}
