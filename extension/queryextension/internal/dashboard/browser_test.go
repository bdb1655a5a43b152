package dashboard_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/extension/queryextension/internal/querytest"
	"github.com/prodsentinel/prodsentinel/extension/queryextension/internal/sitetest"
	"github.com/prodsentinel/prodsentinel/internal/coordination"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// tab is a browser tab on a site.
type tab struct {
	t    *testing.T
	ctx  context.Context
	site *sitetest.Site
}

func openTab(t *testing.T, site *sitetest.Site, width int) tab {
	t.Helper()
	return tab{t: t, ctx: sitetest.Browser(t, width, 900), site: site}
}

func (b tab) do(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	require.NoError(b.t, chromedp.Do(b.ctx, actions...))
}

func (b tab) open(address string) { b.t.Helper(); b.do(chromedp.Navigate(b.site.URL + address)) }

func (b tab) click(selector string) {
	b.t.Helper()
	b.do(chromedp.Click(selector, chromedp.NodeVisible))
}

// press presses printable keys as a keyboard does: what the page prevents is not typed.
func (b tab) press(keys string) {
	b.t.Helper()
	for _, key := range keys {
		for _, event := range []input.DispatchKeyEventParams{
			{Type: input.DispatchKeyEventTypeKeyDown, Key: string(key), Text: string(key)}, {Type: input.DispatchKeyEventTypeKeyUp, Key: string(key)},
		} {
			_, err := chromedp.Call(b.ctx, input.DispatchKeyEvent, event)
			require.NoError(b.t, err)
		}
	}
}

func (b tab) special(key string) { b.t.Helper(); b.do(chromedp.KeyEvent(key)) }

// eval runs an expression in the page.
func eval[T any](b tab, expression string) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression))
	require.NoError(b.t, err, expression)
	return v
}

// until waits for an expression to become true in a page that is loaded, maybe the next one.
func (b tab) until(expression string) {
	b.t.Helper()
	require.Eventually(b.t, func() bool {
		v, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](`document.readyState === "complete" && (`+expression+`)`))
		return err == nil && v
	}, 30*time.Second, 20*time.Millisecond, "%s is never true", expression)
}

// at waits for an address that contains the text.
func (b tab) at(text string) {
	b.t.Helper()
	require.Eventually(b.t, func() bool {
		where, err := chromedp.Run(b.ctx, chromedp.Location())
		return err == nil && strings.Contains(where, text) // an error: the next page is being opened
	}, 30*time.Second, 20*time.Millisecond, "%s", text)
}

func (b tab) address() string {
	b.t.Helper()
	where, err := chromedp.Run(b.ctx, chromedp.Location())
	require.NoError(b.t, err)
	return strings.TrimPrefix(where, b.site.URL)
}

func (b tab) text(selector string) string {
	b.t.Helper()
	text, err := chromedp.Run(b.ctx, chromedp.Text(selector, chromedp.NodeVisible))
	require.NoError(b.t, err, selector)
	return text
}

// watch collects what a page must not do, from its first moment on.
func (b tab) watch() {
	b.t.Helper()
	_, err := chromedp.Call(b.ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: `
		window.violations = [];
		addEventListener("securitypolicyviolation", (e) => violations.push(e.violatedDirective + " " + e.blockedURI));
		addEventListener("error", (e) => violations.push("error " + e.message), true);
		addEventListener("unhandledrejection", (e) => violations.push("rejection " + e.reason));`})
	require.NoError(b.t, err)
}

func TestBrowserReadsFromListToRecord(t *testing.T) {
	site := sitetest.Serve(t, querytest.Options{})
	b := openTab(t, site, 1440)
	b.open("/")
	b.click(`a[href="/incidents/` + site.Pool + `"]`)
	b.until(`location.pathname.startsWith("/incidents/")`)
	assert.Contains(t, b.text(".verdict .sentence"), "payment could not get a database connection")

	b.click(".course-root .evidence summary")
	assert.Contains(t, b.text(".course-root .evidence .record"), "8 of 8 connections in use for 3s")
	b.click(".course-root .evidence .record-links a")
	b.until(`location.pathname.startsWith("/traces/")`)
	assert.Contains(t, b.text(".row.selected .detail"), "db.client.connection.pool.name")
	assert.Contains(t, b.text(".row.selected"), "pool.acquire")
	assert.Contains(t, b.text(".outcome"), "payment ran out of database connections")
}

func TestBrowserShowsHostileTextAsText(t *testing.T) {
	site := sitetest.Serve(t, querytest.Options{})
	b := openTab(t, site, 1440)
	b.watch()
	for _, address := range addresses(site) {
		b.open(address)
		// Whatever waits for a pointer or a click gets it.
		eval[bool](b, `document.querySelectorAll("*").forEach((e) => e.dispatchEvent(new MouseEvent("mouseover", {bubbles: true}))) ?? true`)
		eval[bool](b, `document.querySelectorAll("details").forEach((d) => { d.open = true }) ?? true`)
		assert.Empty(t, eval[[]string](b, `window.violations`), address)
		assert.True(t, eval[bool](b, `window.pwned === undefined`), address)
		assert.Zero(t, eval[int](b, `document.querySelectorAll("main script, main img, [onmouseover], [onerror]").length`), address)
	}
	b.open("/incidents/" + site.Hostile)
	text := eval[string](b, `document.body.innerText`)
	assert.Contains(t, text, querytest.Script)
	assert.Contains(t, text, "invoice⟨U+202E⟩gnp.exe")

	// Swapping parts of a page lets nothing in either.
	b.open("/traces/" + querytest.HostileTrace.String())
	b.click(".row.failed a.line")
	b.until(`document.querySelector(".row.selected .record") !== null`)
	assert.Empty(t, eval[[]string](b, `window.violations`))
	assert.True(t, eval[bool](b, `window.pwned === undefined`))
	b.click(".detail .rest summary")
	assert.Contains(t, eval[string](b, `document.querySelector(".detail .rest[open]").innerText`), "more characters are left out here")
}

func TestBrowserKeys(t *testing.T) {
	site := sitetest.Serve(t, querytest.Options{})
	b := openTab(t, site, 1440)
	b.open("/")
	rows := eval[[]string](b, `[...document.querySelectorAll("[data-row]")].map((a) => a.pathname)`)
	require.Len(t, rows, 2)
	focused := func() string { return eval[string](b, `document.activeElement.pathname ?? document.activeElement.id`) }
	b.press("j")
	assert.Equal(t, rows[0], focused())
	b.press("j")
	assert.Equal(t, rows[1], focused())
	b.press("j")
	assert.Equal(t, rows[1], focused(), "the last line stays")
	b.press("k")
	assert.Equal(t, rows[0], focused())
	b.press("/")
	assert.Equal(t, "goto", focused())
	b.press("jk?")
	assert.Equal(t, "jk?", eval[string](b, `document.activeElement.value`), "a key in a field is text")
	b.special(kb.Escape)
	b.press("?")
	b.until(`document.querySelector("#keys").open`)
	b.special(kb.Escape)
	b.until(`!document.querySelector("#keys").open`)
	b.press("j")
	b.special(kb.Enter)
	b.until(`location.pathname === "` + rows[0] + `"`)
	b.press("u")
	b.until(`location.pathname === "/"`)

	b.do(chromedp.SendKeys("#goto", querytest.PoolTrace.String()+kb.Enter))
	b.until(`location.pathname === "/traces/` + querytest.PoolTrace.String() + `"`)
	b.press("e")
	assert.True(t, eval[bool](b, `document.activeElement.closest(".failed") !== null`))
	lines := eval[int](b, `document.querySelectorAll(".row").length`)
	b.press("h")
	b.until(`document.querySelectorAll(".row").length === 1`)
	assert.Contains(t, b.address(), "shut=")
	b.press("l")
	b.until(`document.querySelectorAll(".row").length > 1`)
	assert.Equal(t, lines, eval[int](b, `document.querySelectorAll(".row").length`))
	b.press("j")
	b.special(kb.Enter)
	b.until(`document.querySelector(".row.selected .record") !== null`)
	b.do(chromedp.NavigateBack())
	b.until(`document.querySelector(".row.selected") === null`)
}

func TestBrowserWithoutScripts(t *testing.T) {
	site := sitetest.Serve(t, querytest.Options{Large: 2000})
	b := openTab(t, site, 1440)
	_, err := chromedp.Call(b.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	require.NoError(t, err)
	b.open("/?q=connection")
	b.click(`a[href="/incidents/` + site.Pool + `"]`)
	b.at("/incidents/")
	b.click(".course-root .evidence summary")
	b.click(".course-root .evidence .record-links a")
	b.at("/traces/")
	b.do(chromedp.WaitVisible(".row.selected .record"))
	b.click(".row a.toggle")
	b.at("shut=")
	b.open("/traces/" + querytest.LargeTrace.String())
	b.click(".fold a")
	b.at("runs=")
	b.click(".choice a:last-child")
	b.at("view=all")
	b.click(`a[rel="next"]`)
	b.at("page=2")
	b.open("/")
	b.do(chromedp.SendKeys(`.filters [name="q"]`, "ledger"+kb.Enter))
	b.at("q=ledger")
}

func TestBrowserListIsLive(t *testing.T) {
	site := sitetest.ServeEmpty(t)
	b := openTab(t, site, 1440)
	b.watch()
	b.open("/")
	b.until(`document.querySelector("[data-live-state]").textContent === "live" && !document.querySelector("[data-live-state]").hidden`)
	b.do(chromedp.WaitVisible(".start"))
	seeded := querytest.Fill(t, site.Store, querytest.Options{})
	site.Announce <- coordination.Change{IncidentID: seeded.Pool}
	b.do(chromedp.WaitVisible(`a[href="/incidents/` + seeded.Pool + `"]`))

	// A page that somebody reads does not change under their eyes.
	b.open("/incidents/" + seeded.Pool)
	b.until(`document.querySelector("[data-live-state]").textContent === "live"`)
	b.click(".course-root .evidence summary")
	site.Announce <- coordination.Change{IncidentID: seeded.Pool}
	b.do(chromedp.WaitVisible(".stale"))
	assert.Empty(t, eval[[]string](b, `window.violations`))
}

// Nothing is wider than the window, down to a small phone.
func TestBrowserFitsSmallWindows(t *testing.T) {
	site := sitetest.Serve(t, querytest.Options{Large: 1000})
	b := openTab(t, site, 360)
	b.do(chromedp.EmulateViewport(360, 740))
	for _, address := range append(addresses(site), "/traces/"+querytest.LargeTrace.String()+"?view=all") {
		b.open(address)
		eval[bool](b, `document.querySelectorAll("details").forEach((d) => { d.open = true }) ?? true`)
		assert.LessOrEqual(t, eval[int](b, `document.documentElement.scrollWidth`), 360, "%s: %s", address, eval[[]string](b, `
			[...document.querySelectorAll("body *")].filter((e) => !e.closest(".scroll, .body") && (e.getBoundingClientRect().right > 361
				|| e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0 && getComputedStyle(e).overflowX === "visible"))
				.slice(-5).map((e) => e.tagName + "." + e.className + " " + e.textContent.slice(0, 40))`))
	}
}

func TestBrowserOpensTheLargestTrace(t *testing.T) {
	const spans = 50_000
	site := sitetest.Serve(t, querytest.Options{Large: spans})
	b := openTab(t, site, 1440)
	for _, address := range []string{"", "?view=all", "?view=all&page=100", "?q=entry"} {
		b.open("/traces/" + querytest.LargeTrace.String() + address)
		assert.Contains(t, b.text(".summary"), "50\u202f000 spans")
		assert.Less(t, eval[int](b, `document.querySelectorAll("*").length`), 6000, address)
	}
	b.open("/traces/" + querytest.LargeTrace.String())
	assert.Equal(t, 2, eval[int](b, `document.querySelectorAll(".row.span.failed").length`), "opens at the errors")
}

// An incident that is being analysed says so, and shows the report when it is there.
func TestBrowserWaitsForTheAnalysis(t *testing.T) {
	site := sitetest.Serve(t, querytest.Options{Large: 10})
	l, err := site.Store.ListIncidents(t.Context(), "", store.IncidentFilter{Category: incident.CategoryDatabaseLock}, store.Page{Limit: 1})
	require.NoError(t, err)
	require.Len(t, l.Items, 1)
	b := openTab(t, site, 1440)
	b.open("/incidents/" + l.Items[0].ID)
	assert.Contains(t, b.text(".verdict"), "No analysis yet")
	assert.Contains(t, b.text(".marks"), "analysis running")
}
