package claims

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/prodsentinel/prodsentinel/internal/agents/dossier"
	"github.com/prodsentinel/prodsentinel/internal/incident"
)

// Commentary is a model's prose as it may be shown under the heading "commentary, not verified": plain
// text that names no number, ID or component that no verified claim has. Otherwise it is "" with the
// reason. Whether its sentences are true nobody checked.
func Commentary(prose string, verified []incident.VerifiedClaim, d *dossier.Dossier) (text, reason string) {
	prose = strings.TrimSpace(strings.ReplaceAll(prose, "\r\n", "\n"))
	if prose == "" {
		return "", ""
	}
	if reason := unsafe(prose); reason != "" {
		return "", reason
	}
	prose = emphasis.Replace(prose)
	said := vocabulary(verified, d)
	if reason := namesComponent(prose, said, d); reason != "" {
		return "", reason
	}
	if reason := namesUnsaid(prose, said); reason != "" {
		return "", reason
	}
	return prose, ""
}

var emphasis = strings.NewReplacer("**", "", "*", "", "`", "")

var markupSigns = regexp.MustCompile("(?i)<[a-z!/?]|\\]\\s*\\(|\\]\\s*:|!\\[|\\[\\[|```|~~~|://|\\bwww\\.|\\b(?:javascript|data|vbscript|file|mailto):|&#?\\w+;|(?m:^\\s*(?:#|>|\\|))")

// unsafe is the reason why prose is not plain text.
func unsafe(prose string) string {
	switch {
	case len(prose) > maxCommentary:
		return fmt.Sprintf("it has more than %d bytes", maxCommentary)
	case !utf8.ValidString(prose):
		return "it is not valid UTF-8"
	case dossier.Visible(prose) != prose:
		return "it has characters that cannot be seen"
	case markupSigns.MatchString(prose):
		return "it has markup or links"
	case strings.ContainsFunc(prose, func(c rune) bool { return c > unicode.MaxASCII && unicode.IsNumber(c) }):
		return "it has digits other than 0 to 9"
	case mixesScripts(prose):
		return "it has letters that look like others"
	}
	return ""
}

// mixesScripts tells whether a word has both Latin letters and ones of another script.
func mixesScripts(prose string) bool {
	for word := range strings.FieldsFuncSeq(prose, func(c rune) bool { return !unicode.IsLetter(c) }) {
		latin, foreign := false, false
		for _, c := range word {
			if unicode.Is(unicode.Latin, c) {
				latin = true
			} else {
				foreign = true
			}
		}
		if latin && foreign {
			return true
		}
	}
	return false
}

// vocabulary has, in lower case, the words and names that verified claims hold.
func vocabulary(verified []incident.VerifiedClaim, d *dossier.Dossier) map[string]bool {
	said := map[string]bool{}
	add := func(text string) {
		text = strings.ToLower(text)
		said[strings.TrimSpace(text)] = true
		for _, w := range wordsIn(text) {
			said[w] = true
		}
	}
	for _, v := range verified {
		for _, shown := range []string{v.Subject, v.Object} {
			add(shown)
			if c, ok := d.Component(shown); ok {
				add(d.Name(c.Name()))
				add(d.Name(c.Operation))
			}
		}
		add(v.Quote)
		add(v.Statement)
		if v.Number != nil {
			add(v.Number.Value)
			add(v.Number.Field)
		}
		for _, r := range v.Evidence {
			add(string(r))
		}
	}
	delete(said, "")
	return said
}

// wordsIn splits at spaces and takes punctuation off the ends; names keep theirs within.
func wordsIn(text string) []string {
	var words []string
	for _, w := range strings.Fields(text) {
		if w = strings.Trim(w, ".,;:!?()[]{}\"'“”‘’…‹›"); w != "" {
			words = append(words, w)
		}
	}
	return words
}

// namesComponent is the reason where prose names a component of the case that no claim has.
func namesComponent(prose string, said map[string]bool, d *dossier.Dossier) string {
	padded := " " + strings.Join(wordsIn(strings.ToLower(prose)), " ") + " "
	for _, name := range d.ComponentNames() {
		lower := strings.ToLower(name)
		if said[lower] || !strings.Contains(padded, " "+lower+" ") {
			continue
		}
		return fmt.Sprintf("it names %s, which no verified claim does", short(name))
	}
	return ""
}

// namesUnsaid is the reason where a word of the prose is, or may be, a number, ID or name that no
// verified claim has.
func namesUnsaid(prose string, said map[string]bool) string {
	for sentence := range splitSentences(prose) {
		words := wordsIn(sentence)
		for i, w := range words {
			lower := strings.ToLower(w)
			base := strings.TrimSuffix(strings.TrimSuffix(lower, "'s"), "’s")
			if said[lower] || said[base] {
				continue
			}
			if reason := suspicious(w, base, i == 0); reason != "" {
				return fmt.Sprintf("it names %s, %s that no verified claim has", short(w), reason)
			}
			if i+1 < len(words) && thingWords[strings.ToLower(words[i+1])] && !modifiers[base] {
				return fmt.Sprintf("it names %s, a component that no verified claim has", short(w+" "+words[i+1]))
			}
		}
	}
	return ""
}

var sentenceEnd = regexp.MustCompile(`[.!?:;]\s+|\n+\s*(?:[-•]\s+)?`)

func splitSentences(prose string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for _, s := range sentenceEnd.Split(prose, -1) {
			if !yield(s) {
				return
			}
		}
	}
}

// suspicious tells what a word that no claim has may be, "" where it is an ordinary word.
func suspicious(word, lower string, first bool) string {
	letters := strings.Trim(word, "-–—'’")
	switch {
	case letters == "":
		return ""
	case numberWords[lower]:
		return "a number"
	case strings.ContainsFunc(word, unicode.IsDigit):
		return "a number or ID"
	case strings.ContainsAny(letters, "_./\\@:#$%=&+<>~^|{}[]()"):
		return "a name"
	case technologies[lower]:
		return "a component"
	case strings.ContainsRune(letters, '-') && !compounds[lower]:
		return "a name"
	case first && !openers[lower] || !first && word != "I":
		if strings.ContainsFunc(letters, unicode.IsUpper) {
			return "a name"
		}
	case strings.ContainsFunc(letters[min(1, len(letters)):], unicode.IsUpper):
		return "a name"
	}
	return ""
}
