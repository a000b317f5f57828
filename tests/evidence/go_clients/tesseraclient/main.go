// Checks a log over HTTP or as files with Tessera's own fsck, which reads every entry bundle, hashes
// every entry, and compares every tile and the checkpoint.
//
//	tesseraclient URL|FOLDER VKEY [BEARER]
package main

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/tessera/api"
	"github.com/transparency-dev/tessera/client"
	"github.com/transparency-dev/tessera/fsck"
	"golang.org/x/mod/sumdb/note"
)

func main() {
	if err := check(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func check(arguments []string) error {
	verifier, err := note.NewVerifier(arguments[1])
	if err != nil {
		return err
	}
	fetcher, err := fetcherOf(arguments)
	if err != nil {
		return err
	}
	return fsck.New(verifier.Name(), verifier, fetcher, leafHashes, fsck.Opts{N: 2}).
		Check(context.Background())
}

func fetcherOf(arguments []string) (fsck.Fetcher, error) {
	if !strings.HasPrefix(arguments[0], "http") {
		return client.FileFetcher{Root: arguments[0]}, nil
	}
	root, err := url.Parse(arguments[0] + "/")
	if err != nil {
		return nil, err
	}
	fetcher, err := client.NewHTTPFetcher(root, nil)
	if err == nil && len(arguments) > 2 {
		fetcher.SetAuthorizationHeader("Bearer " + arguments[2])
	}
	return fetcher, err
}

func leafHashes(data []byte) ([][]byte, error) {
	bundle := &api.EntryBundle{}
	if err := bundle.UnmarshalText(data); err != nil {
		return nil, err
	}
	var hashes [][]byte
	for _, entry := range bundle.Entries {
		hashes = append(hashes, rfc6962.DefaultHasher.HashLeaf(entry))
	}
	return hashes, nil
}
