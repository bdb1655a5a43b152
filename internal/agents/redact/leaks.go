package redact

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/pelletier/go-toml/v2"
	"github.com/zricethezav/gitleaks/v8/config"
)

// leakRules are the rules by which gitleaks knows the keys and tokens of services by their shape. Its
// rule for keys of any kind is left out: builtinRules find those by their names.
var leakRules = sync.OnceValue(func() []rule {
	var known struct{ Rules []leak }
	if err := toml.Unmarshal([]byte(config.DefaultConfig), &known); err != nil {
		panic(fmt.Sprintf("gitleaks' own rules cannot be read: %v", err)) // they are compiled in
	}
	var rules []rule
	for _, l := range known.Rules {
		if l.Regex != "" && len(l.Keywords) > 0 && l.ID != "generic-api-key" {
			rules = append(rules, l.rule())
		}
	}
	return rules
})

// leak is one of gitleaks' rules. What its first group matches is the secret where SecretGroup is 0.
type leak struct {
	ID          string
	Regex       string
	SecretGroup int     `toml:"secretGroup"`
	Entropy     float64 // least, in bits a character
	Keywords    []string
}

func (l leak) rule() rule {
	find := regexp.MustCompile(l.Regex)
	group := l.SecretGroup
	if group == 0 && !slices.ContainsFunc(find.SubexpNames(), func(name string) bool { return name != "" }) { // named ones are parts of it
		group = min(1, find.NumSubexp())
	}
	return rule{
		kind: KindSecret, find: find, group: group, words: l.Keywords, whole: true,
		accept: func(text string, start, end int) bool { return entropy(text[start:end]) >= l.Entropy },
	}
}

// entropy is Shannon's, in bits a byte.
func entropy(text string) (bits float64) {
	var counts [256]int
	for i := range len(text) {
		counts[text[i]]++
	}
	for _, n := range counts {
		if n > 0 {
			p := float64(n) / float64(len(text))
			bits -= p * math.Log2(p)
		}
	}
	return bits
}

// isDense accepts what is too irregular for a name: long, going from lower case to upper case to digits
// all the time. What holds a / may be a path, unless its length is that of a key or of a line of one.
func isDense(text string, start, end int) bool {
	value := strings.TrimRight(text[start:end], "=")
	isKey := len(value) == 40 || len(value) == 64
	if strings.Contains(value, "/") && !isKey && len(value) == end-start {
		return false
	}
	changes, numbers := 0, 0
	for i := 1; i < len(value); i++ {
		before, at := classOf(value[i-1]), classOf(value[i])
		if before == at || before == punctuation || at == punctuation {
			continue
		}
		changes++
		if at == digit {
			numbers++
		}
	}
	return changes >= len(value)/4 && (isKey && numbers > 0 || numbers >= 3) && entropy(value) >= 4
}

type class int

const (
	punctuation class = iota
	digit
	upper
	lower
)

func classOf(c byte) class {
	switch {
	case c >= '0' && c <= '9':
		return digit
	case c >= 'A' && c <= 'Z':
		return upper
	case c >= 'a' && c <= 'z':
		return lower
	}
	return punctuation
}
