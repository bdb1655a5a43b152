package field

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var (
	dirs   = flag.String("cases", "", "folders of cases to play instead of the repository's, separated by commas: all must be right")
	report = flag.String("report", "", "file to write the verdicts to")
	// What was seen first must make no difference.
	reversed = flag.Bool("reversed", false, "send the requests of each case in the opposite order")
)

// wrongList names the cases whose verdicts are wrong today, with the reason. It may only get shorter.
const wrongList = "testdata/wrong.txt"

func TestField(t *testing.T) {
	suites, excused := []string{"testdata/cases", "testdata/foreign", "testdata/recorded"}, readWrong(t, wrongList)
	if *dirs != "" {
		suites, excused = strings.Split(*dirs, ","), nil
	}
	var folders []string
	for _, s := range suites {
		found, err := findCases(s)
		require.NoError(t, err)
		folders = append(folders, found...)
	}
	outcomes := make([]outcome, len(folders))
	if *report != "" {
		t.Cleanup(func() { require.NoError(t, os.WriteFile(*report, []byte(summarize(outcomes)), 0o600)) })
	}
	names := map[string]bool{}
	for i, folder := range folders {
		c, err := loadCase(folder)
		require.NoError(t, err)
		names[c.name] = true
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := play(t, c)
			o := outcome{name: c.name, wrong: judge(c.expected, got), got: got, listed: len(c.expected.Traces)}
			outcomes[i] = o
			for _, complaint := range o.unexpected(excused) {
				t.Error(complaint)
			}
			if t.Failed() {
				t.Log(o)
			}
		})
	}
	for name := range excused {
		folder, _, _ := strings.Cut(name, " ")
		if *dirs == "" && !names[folder] {
			t.Errorf("%s names %s, which is no case", wrongList, folder)
		}
	}
}

// outcome is a case as it was played.
type outcome struct {
	name   string
	wrong  []complaint
	got    []found
	listed int // traces that are judged one by one
}

// unexpected compares what is wrong with what is known to be: neither may hold without the other.
func (o outcome) unexpected(excused map[string]bool) (unexpected []string) {
	wrong := map[string]bool{}
	for _, c := range o.wrong {
		key := o.keyOf(c)
		wrong[key] = true
		if !excused[key] {
			unexpected = append(unexpected, key+": "+c.text)
		}
	}
	for key := range excused {
		if (key == o.name || strings.HasPrefix(key, o.name+" ")) && !wrong[key] {
			unexpected = append(unexpected, fmt.Sprintf("%s is right now: take it off %s", key, wrongList))
		}
	}
	return unexpected
}

// keyOf is the name of a case, with the item of its list that a complaint is about.
func (o outcome) keyOf(c complaint) string {
	if c.item == "" {
		return o.name
	}
	return o.name + " " + c.item
}

func (o outcome) String() string {
	var b strings.Builder
	word, items := "right", 0
	for _, c := range o.wrong {
		word = "WRONG"
		if c.item != "" {
			items++
		}
	}
	fmt.Fprintf(&b, "%s %s", word, o.name)
	if o.listed > 0 {
		fmt.Fprintf(&b, " (%d of %d traces)", o.listed-items, o.listed)
	}
	for _, c := range o.wrong {
		fmt.Fprintf(&b, "\n  %s", strings.TrimPrefix(c.item+": "+c.text, ": "))
	}
	for _, f := range o.got {
		fmt.Fprintf(&b, "\n  got %s", f)
	}
	return b.String() + "\n"
}

func summarize(outcomes []outcome) string {
	var b strings.Builder
	right, played, items, hits := 0, 0, 0, 0
	for _, o := range outcomes {
		if o.name == "" { // not selected by -run
			continue
		}
		b.WriteString(o.String())
		played++
		if len(o.wrong) == 0 {
			right++
		}
		items += o.listed
		hits += o.listed
		for _, c := range o.wrong {
			if c.item != "" {
				hits--
			}
		}
	}
	fmt.Fprintf(&b, "%d of %d right", right, played)
	if items > 0 {
		fmt.Fprintf(&b, "; %d of %d traces of the lists", hits, items)
	}
	return b.String() + "\n"
}

// readWrong reads the names before the colons; each needs a reason.
func readWrong(t *testing.T, path string) map[string]bool {
	t.Helper()
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	wrong := map[string]bool{}
	for line := range strings.Lines(string(content)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, reason, _ := strings.Cut(line, ":")
		require.NotEmpty(t, strings.TrimSpace(reason), "%s: no reason after %q", path, line)
		require.False(t, wrong[name], "%s: %s is listed twice", path, name)
		wrong[name] = true
	}
	return wrong
}
