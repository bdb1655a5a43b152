package sitetest

import (
	"context"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// chromium finds the browser, or fails the test saying how to get one. An empty CHROMIUM_PATH says that
// none can be had here, as `make test` finds out: then the test is skipped.
func chromium(t testing.TB) string {
	t.Helper()
	if path, set := os.LookupEnv("CHROMIUM_PATH"); set {
		if path == "" {
			t.Skip("no Chromium to be had: see scripts/ensure-chromium.sh")
		}
		return path
	}
	for _, name := range []string{"chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	require.FailNow(t, "no Chromium found: run `scripts/ensure-chromium.sh`, or set CHROMIUM_PATH")
	return ""
}

// Browser is a context for chromedp: one tab of a headless Chromium that ends with the test.
func Browser(t testing.TB, width, height int) context.Context {
	t.Helper()
	flags := append(chromedp.DefaultExecAllocatorOptions[:], //nolint:gocritic // a copy is meant
		chromedp.ExecPath(chromium(t)), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.WindowSize(width, height),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("hide-scrollbars", true),
		chromedp.WSURLReadTimeout(60*time.Second),
	)
	allocated, stop := chromedp.NewExecAllocator(context.Background(), flags...)
	ctx, cancel := chromedp.NewContext(allocated)
	t.Cleanup(func() {
		cancel()
		stop()
	})
	ctx, release := context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(release)
	return ctx
}
