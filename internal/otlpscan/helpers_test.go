package otlpscan_test

import (
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"

	"github.com/prodsentinel/prodsentinel/internal/otlpscan"
)

// shipped are the limits of the shipped configurations.
func shipped() otlpscan.Limits { return otlpscan.DefaultLimits() }

func newTraces() request  { return ptraceotlp.NewExportRequest() }
func newLogs() request    { return plogotlp.NewExportRequest() }
func newMetrics() request { return pmetricotlp.NewExportRequest() }
