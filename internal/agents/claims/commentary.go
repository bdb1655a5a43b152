package claims

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/prodsentinel/prodsentinel/internal/agents/dossier"
	"github.com/prodsentinel/prodsentinel/internal/incident"
)

// Commentary is a model's prose as it may be shown under the heading "commentary, not verified": plain
// text of ordinary words and of the names, numbers and references that verified claims have. Otherwise
// it is "" with the reason. Whether its sentences are true nobody checked.
func Commentary(prose string, verified []incident.VerifiedClaim, d *dossier.Dossier) (text, reason string) {
	prose = strings.TrimSpace(strings.ReplaceAll(prose, "\r\n", "\n"))
	if prose == "" {
		return "", ""
	}
	if reason := whyUnsafe(prose); reason != "" {
		return "", reason
	}
	prose = emphasis.Replace(prose)
	rest := removeNames(prose, verifiedNames(verified, d))
	if reason := whyNamesComponent(rest, d); reason != "" {
		return "", reason
	}
	if reason := whyUnusual(rest); reason != "" {
		return "", reason
	}
	return prose, ""
}

var emphasis = strings.NewReplacer("**", "", "*", "", "`", "")

var markupSigns = regexp.MustCompile("(?i)<[a-z!/?]|\\]\\s*\\(|\\]\\s*:|!\\[|\\[\\[|```|~~~|://|\\bwww\\.|\\b(?:javascript|data|vbscript|file|mailto):|&#?\\w+;|(?m:^\\s*(?:#|>|\\|))")

// whyUnsafe is the reason why prose is not plain text.
func whyUnsafe(prose string) string {
	switch {
	case len(prose) > maxCommentary:
		return fmt.Sprintf("it has more than %d bytes", maxCommentary)
	case !utf8.ValidString(prose):
		return "it is not valid UTF-8"
	case dossier.Visible(prose) != prose:
		return "it has characters that cannot be seen"
	case markupSigns.MatchString(prose):
		return "it has markup or links"
	}
	return ""
}

// verifiedNames are the names, numbers and references that verified claims have, the longest first. What their
// quotes say is not among them: the telemetry wrote it.
func verifiedNames(verified []incident.VerifiedClaim, d *dossier.Dossier) []string {
	known := map[string]bool{}
	for _, v := range verified {
		for _, shown := range []string{v.Subject, v.Object} {
			known[shown] = true
			if c, ok := d.Component(shown); ok {
				known[d.Name(c.Name())], known[d.Name(c.Operation)] = true, true
			}
		}
		if v.Number != nil {
			known[v.Number.Value], known[v.Number.Field] = true, true
		}
		for _, r := range v.Evidence {
			known[string(r)] = true
		}
	}
	delete(known, "")
	names := make([]string, 0, len(known))
	for name := range known {
		names = append(names, strings.ToLower(name))
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(-cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) })
	return names
}

// removeNames is prose in lower case from which names are taken that stand there by themselves.
func removeNames(prose string, names []string) string {
	rest := strings.ToLower(prose)
	for _, name := range names {
		for from := 0; ; {
			i := strings.Index(rest[from:], name)
			if i < 0 {
				break
			}
			start := from + i
			end := start + len(name)
			if isWholeName(rest, start, end) {
				rest = rest[:start] + " , " + rest[end:] // no new neighbours
			}
			from = start + 1
		}
	}
	return rest
}

// isWholeName reports whether no part of a longer name or number surrounds a part of a text.
func isWholeName(s string, start, end int) bool {
	before, _ := utf8.DecodeLastRuneInString(s[:start])
	after, _ := utf8.DecodeRuneInString(s[end:])
	next, _ := utf8.DecodeRuneInString(s[min(end+1, len(s)):])
	part := func(c rune) bool {
		return unicode.IsLetter(c) || unicode.IsDigit(c) || strings.ContainsRune("_/\\@#$%=&+", c)
	}
	joins := func(c rune) bool { return c == '.' || c == '-' || c == ':' }
	return !(start > 0 && (part(before) || joins(before))) && !(end < len(s) && (part(after) || joins(after) && part(next)))
}

// tokens are the words and numbers of a text, however they are set off.
func tokens(text string) []string {
	return strings.FieldsFunc(text, func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsNumber(c) && !unicode.Is(unicode.M, c) })
}

// whyNamesComponent is the reason where prose names a component of the case that no claim has.
func whyNamesComponent(rest string, d *dossier.Dossier) string {
	padded := " " + strings.Join(tokens(rest), " ") + " "
	for _, name := range d.ComponentNames() {
		words := strings.Join(tokens(strings.ToLower(name)), " ")
		if words != "" && strings.Contains(padded, " "+words+" ") {
			return fmt.Sprintf("it names %s, which no verified claim does", excerpt(name))
		}
	}
	return ""
}

var contractions = regexp.MustCompile(`n?['’](?:s|t|re|ve|ll|d|m)\b`)

// whyUnusual is the reason where prose has a word that is no ordinary one: it may be a number, an ID or a
// name that no verified claim has.
func whyUnusual(rest string) string {
	rest = contractions.ReplaceAllString(rest, "")
	if i := strings.IndexAny(rest, `_/\@#$%=&+<>~^|{}[]`); i >= 0 {
		return fmt.Sprintf("it has a sign of names and numbers, %q, outside of those that verified claims have", rest[i])
	}
	if m := dotted.FindString(rest); m != "" {
		return fmt.Sprintf("it names %s, which no verified claim does", excerpt(m))
	}
	for _, w := range tokens(rest) {
		switch {
		case strings.ContainsFunc(w, unicode.IsNumber):
			return fmt.Sprintf("it has the number or ID %s, which no verified claim has", excerpt(w))
		case !isOrdinary(w):
			return fmt.Sprintf("it has the word %s, which is not an ordinary one and in no verified claim", excerpt(w))
		}
	}
	return ""
}

var dotted = regexp.MustCompile(`[\pL\pN]+[.:][\pL\pN]+`)

// isOrdinary reports whether a word is in the list of words that name nothing, in one of its forms.
func isOrdinary(w string) bool {
	if words[w] {
		return true
	}
	for _, ending := range []struct{ cut, add string }{
		{"s", ""}, {"es", ""}, {"ies", "y"}, {"ed", ""}, {"ed", "e"}, {"ied", "y"}, {"ing", ""}, {"ing", "e"}, {"ly", ""}, {"er", ""}, {"er", "e"}, {"est", ""},
	} {
		if stem, cut := strings.CutSuffix(w, ending.cut); cut && len(stem) > 1 {
			if words[stem+ending.add] {
				return true
			}
			if n := len(stem); ending.add == "" && n > 3 && stem[n-1] == stem[n-2] && words[stem[:n-1]] {
				return true // stopped
			}
		}
	}
	return false
}
