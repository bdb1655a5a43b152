package agents

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

const maxGitFile = 8 << 20 // packed-refs of a large repository

// versionOf says what the source is: the configured version, else the commit and the tags of the
// git checkout around it, separated by spaces; "" where neither is known.
func versionOf(source SourceRoot) string {
	if source.Version != "" {
		return source.Version
	}
	for dir := source.Path; ; dir = filepath.Dir(dir) {
		if git, err := os.OpenRoot(filepath.Join(dir, ".git")); err == nil {
			defer func() { _ = git.Close() }() // only read from
			return checkoutOf(git)
		}
		if dir == filepath.Dir(dir) {
			return ""
		}
	}
}

var commitHash = regexp.MustCompile(`^[0-9a-f]{40}([0-9a-f]{24})?$`)

// checkoutOf reads HEAD and the tags that point to it from a git directory.
func checkoutOf(git *os.Root) string {
	head := strings.TrimSpace(gitFile(git, "HEAD"))
	packed := strings.Split(gitFile(git, "packed-refs"), "\n")
	commit := head
	if ref, ok := strings.CutPrefix(head, "ref: "); ok {
		commit = strings.TrimSpace(gitFile(git, ref))
		for _, line := range packed {
			if hash, name, _ := strings.Cut(line, " "); commit == "" && name == ref {
				commit = hash
			}
		}
	}
	if !commitHash.MatchString(commit) {
		return ""
	}
	return strings.Join(append([]string{commit}, tagsOf(git, packed, commit)...), " ")
}

// tagsOf finds tags in both places where git keeps them. An annotated tag that is not packed
// points to an object of its own and is not found.
func tagsOf(git *os.Root, packed []string, commit string) []string {
	const tags = "refs/tags/"
	var found []string
	var last string
	for _, line := range packed {
		if peeled, ok := strings.CutPrefix(line, "^"); ok {
			if peeled == commit && last != "" {
				found = append(found, last)
			}
			continue
		}
		hash, name, _ := strings.Cut(line, " ")
		tag, isTag := strings.CutPrefix(name, tags)
		last = ""
		if isTag {
			last = tag
			if hash == commit {
				found = append(found, tag)
			}
		}
	}
	if dir, err := git.Open("refs/tags"); err == nil {
		defer func() { _ = dir.Close() }() // only read from
		names, _ := dir.Readdirnames(1000) // those that can be listed
		for _, name := range names {
			if strings.TrimSpace(gitFile(git, tags+name)) == commit {
				found = append(found, name)
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

func gitFile(git *os.Root, name string) string {
	f, err := git.Open(name)
	if err != nil {
		return ""
	}
	defer func() { _ = f.Close() }() // only read from
	body, err := io.ReadAll(io.LimitReader(f, maxGitFile))
	if err != nil && !errors.Is(err, io.EOF) {
		return ""
	}
	return string(body)
}

// versionNote says in a sentence whether the source is what ran.
func versionNote(source, running string) string {
	switch {
	case source == "" && running == "":
		return "Neither the version of this source nor that of the service that ran is known."
	case source == "":
		return "The version of this source is unknown; the service that ran was version " + running + "."
	case running == "":
		return "This source is version " + source + "; which version of the service ran is unknown."
	case sameVersion(source, running):
		return "This source is the version that ran, " + running + "."
	default:
		return "CAUTION: this source is version " + source + ", but the service that ran was version " + running + "; lines may differ."
	}
}

// sameVersion compares without a leading v, and takes a commit's first seven digits for it, also
// at the end of what git describe prints.
func sameVersion(source, running string) bool {
	running = strings.TrimPrefix(running, "v")
	short := running[strings.LastIndexByte(running, '-')+1:]
	short = strings.TrimPrefix(short, "g")
	for _, name := range strings.Fields(source) {
		if strings.TrimPrefix(name, "v") == running {
			return true
		}
		if commitHash.MatchString(name) && len(short) >= 7 && strings.HasPrefix(name, short) {
			return true
		}
	}
	return false
}
