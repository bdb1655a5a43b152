package demo

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/prodsentinel/prodsentinel/examples/shop"
)

// The two ways in which the shop sends its telemetry.
const (
	otlp      = "OTLP"
	plainJSON = "plain JSON"
)

// run plays the demo. The processes it started are gone when it returns.
func run(ctx context.Context, out io.Writer, opts options) error {
	cfg := shop.ConfigFromEnv()
	if err := requireFree(ctx, append(collectorAddresses(opts.set), shopAddresses(cfg)...)); err != nil {
		return err
	}
	if opts.agents == agentsScripted {
		set, stop, err := serveScript(ctx)
		if err != nil {
			return err
		}
		defer stop()
		opts.set = append(set, opts.set...)
	}
	dir, err := openDataDir(opts.dataDir)
	if err != nil {
		return err
	}
	running, s, err := startCollector(ctx, dir, opts)
	if err == nil {
		err = play(running, out, s, cfg, opts)
	}
	s.stop()
	if ctx.Err() != nil {
		return errors.Join(whenInterrupted(opts), dir.remove())
	}
	if err != nil {
		s.explain(out)
		return fmt.Errorf("%w (the logs are kept in %s)", err, dir.path)
	}
	return dir.remove()
}

// whenInterrupted is how the user's interrupt ends the demo: watching is over when they say so, a check is
// then not done.
func whenInterrupted(opts options) error {
	if opts.once {
		return errors.New("interrupted before everything was checked")
	}
	return nil
}

// play is what the demo does once the collector is ready.
func play(ctx context.Context, out io.Writer, s *stage, cfg shop.Config, opts options) error {
	if opts.once {
		return checkAll(ctx, out, s, cfg, opts)
	}
	return watch(ctx, out, s, cfg, opts)
}
