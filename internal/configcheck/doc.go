// Package configcheck sees a collector's configuration as a whole, before its parts are decoded, as
// validate and the start do alike. It refuses what cannot be meant, such as a listener that anybody can
// reach or a batch processor before the store, warns where something may be meant, and mends what has one
// meaning only, such as an IPv6 address without brackets. What a component can check by itself is checked
// by its own Validate.
package configcheck

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"syscall"

	"go.opentelemetry.io/collector/confmap"
	"go.uber.org/zap"
)

// Checks remembers what it saw of the configuration that was loaded last.
type Checks struct {
	mu        sync.Mutex
	warnings  []string
	listeners []listening
}

// NewConverter mends configurations and checks them.
func (c *Checks) NewConverter() confmap.ConverterFactory {
	return confmap.NewConverterFactory(func(set confmap.ConverterSettings) confmap.Converter {
		return converter{checks: c, logger: set.Logger}
	})
}

// NewMender returns a converter that only mends configurations: for commands that use a part of one, and
// need not care about the others.
func NewMender() confmap.ConverterFactory {
	return confmap.NewConverterFactory(func(confmap.ConverterSettings) confmap.Converter { return converter{} })
}

type converter struct {
	checks *Checks // nil: only mend
	logger *zap.Logger
}

// Convert implements confmap.Converter. References such as ${env:HOST} are resolved by then.
func (c converter) Convert(_ context.Context, conf *confmap.Conf) error {
	if err := errors.Join(mend(conf), share(conf)); err != nil {
		return err
	}
	if c.checks != nil {
		if err := c.checks.check(newConfiguration(conf), c.logger); err != nil {
			return err
		}
	}
	forgetOptOuts(conf)
	return nil
}

func (c *Checks) check(whole *configuration, logger *zap.Logger) error {
	open := whole.listeners()
	warnings := append(whole.unused(), warnListeners(open)...)
	warnings = append(warnings, whole.warnProbes(open)...)
	warnings = append(warnings, whole.warnPipelines()...)
	for _, w := range warnings {
		logger.Warn("The configuration may not mean what it says", zap.String("warning", w))
	}
	c.mu.Lock()
	c.warnings, c.listeners = warnings, open
	c.mu.Unlock()
	return errors.Join(checkListeners(open), whole.checkPipelines(), whole.checkAgreement())
}

// Warnings returns what may not be meant in the configuration that was loaded last.
func (c *Checks) Warnings() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.warnings
}

// NamePort adds to an error about a port in use the key that chooses the port.
func (c *Checks) NamePort(err error) error {
	var failed *net.OpError
	if !errors.Is(err, syscall.EADDRINUSE) || !errors.As(err, &failed) || failed.Addr == nil {
		return err
	}
	_, port, splitErr := net.SplitHostPort(failed.Addr.String())
	if splitErr != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, l := range c.listeners {
		if _, configured, _ := net.SplitHostPort(l.endpoint); configured == port {
			return fmt.Errorf("%w: another program listens there: end it, or choose another port by %s", err, l.key)
		}
	}
	return err
}
