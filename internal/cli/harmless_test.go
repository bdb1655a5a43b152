package cli

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/prodsentinel/prodsentinel/internal/escape"
)

func TestHarmless(t *testing.T) {
	const hostile = "a\nERROR forged\x1b[31m\u009b1m\u202eb"
	for name, encoder := range map[string]zapcore.Encoder{
		"console": zapcore.NewConsoleEncoder(zap.NewDevelopmentEncoderConfig()),
		"json":    zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()),
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			core := zapcore.NewCore(encoder, zapcore.AddSync(&out), zap.InfoLevel)
			sampled := zapcore.NewSamplerWithOptions(core, time.Hour, 1, 0)
			log := zap.New(sampled, Harmless()).With(zap.String("service", hostile))
			log.Info(hostile, zap.String("item", hostile), zap.Error(errors.New(hostile)), zap.Int("n", 7))
			log.Info(hostile)
			log.Debug("too small")
			assert.Equal(t, 1, strings.Count(out.String(), "\n"))
			assert.Equal(t, escape.Text(out.String()), out.String())
			assert.Contains(t, out.String(), "forged")
			assert.Contains(t, out.String(), "7")
			assert.NotContains(t, out.String(), "too small")
		})
	}
}
