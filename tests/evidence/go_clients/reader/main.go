// Reads and verifies a log with other people's code: golang.org/x/mod for notes, trees and proofs,
// filippo.io/torchwood for tiles and entries. Prints one line of JSON.
//
//	reader URL|FOLDER VKEY [BEARER]
//	reader proof FILE VKEY LEAFHASH_HEX
package main

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// A tile never changes, so each is read once.
type source struct {
	place, bearer string
	tiles         map[tlog.Tile][]byte
}

func (s source) ReadEndpoint(ctx context.Context, path string) ([]byte, error) {
	if !strings.HasPrefix(s.place, "http") {
		return os.ReadFile(filepath.Join(s.place, path))
	}
	request, err := http.NewRequestWithContext(ctx, "GET", s.place+"/"+path, nil)
	if err != nil {
		return nil, err
	}
	if s.bearer != "" {
		request.Header.Set("Authorization", "Bearer "+s.bearer)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != 200 {
		return nil, fmt.Errorf("%s: %s", path, answer.Status)
	}
	return io.ReadAll(answer.Body)
}

func (s source) ReadTiles(ctx context.Context, tiles []tlog.Tile) ([][]byte, error) {
	var found [][]byte
	for _, tile := range tiles {
		data, known := s.tiles[tile]
		if !known {
			var err error
			if data, err = s.ReadEndpoint(ctx, torchwood.TilePath(tile)); err != nil {
				return nil, err
			}
			s.tiles[tile] = data
		}
		found = append(found, data)
	}
	return found, nil
}

func (s source) SaveTiles([]tlog.Tile, [][]byte) {}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	if arguments[0] == "proof" {
		return proof(arguments[1], arguments[2], arguments[3])
	}
	s := source{place: arguments[0], tiles: map[tlog.Tile][]byte{}}
	if len(arguments) > 2 {
		s.bearer = arguments[2]
	}
	return readAll(s, arguments[1])
}

func opened(text []byte, vkey string) (torchwood.Checkpoint, error) {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return torchwood.Checkpoint{}, err
	}
	signed, err := note.Open(text, note.VerifierList(verifier))
	if err != nil {
		return torchwood.Checkpoint{}, err
	}
	return torchwood.ParseCheckpoint(signed.Text)
}

func readAll(s source, vkey string) error {
	ctx := context.Background()
	text, err := s.ReadEndpoint(ctx, "checkpoint")
	if err != nil {
		return err
	}
	checkpoint, err := opened(text, vkey)
	if err != nil {
		return err
	}
	tree := tlog.Tree{N: checkpoint.N, Hash: checkpoint.Hash}
	hashes := torchwood.TileHashReaderWithContext(ctx, tree, s)
	client, err := torchwood.NewClient(s)
	if err != nil {
		return err
	}
	count, bytes := int64(0), 0
	for count < tree.N {
		before := count
		for index, entry := range client.Entries(ctx, tree, count) {
			if index != count {
				return fmt.Errorf("entry %d where %d was due", index, count)
			}
			if err := included(tree, index, tlog.RecordHash(entry), hashes); err != nil {
				return err
			}
			count, bytes = count+1, bytes+len(entry)
		}
		if err := client.Err(); err != nil {
			return err
		}
		if count == before {
			return fmt.Errorf("no entries after %d of %d", count, tree.N)
		}
	}
	for old := int64(1); old <= tree.N; old += 1 + tree.N/64 {
		if err := consistent(tree, old, hashes); err != nil {
			return err
		}
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]any{
		"origin": checkpoint.Origin, "size": tree.N, "entries": count, "bytes": bytes,
	})
}

func included(tree tlog.Tree, index int64, leaf tlog.Hash, hashes tlog.HashReader) error {
	found, err := tlog.ProveRecord(tree.N, index, hashes)
	if err != nil {
		return err
	}
	return tlog.CheckRecord(found, tree.N, tree.Hash, index, leaf)
}

func consistent(tree tlog.Tree, old int64, hashes tlog.HashReader) error {
	root, err := tlog.TreeHash(old, hashes)
	if err != nil {
		return err
	}
	found, err := tlog.ProveTree(tree.N, old, hashes)
	if err != nil {
		return err
	}
	return tlog.CheckTree(found, tree.N, tree.Hash, old, root)
}

func proof(file, vkey, leaf string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	head, signed, _ := strings.Cut(string(text), "\n\n")
	lines := strings.Split(head, "\n")
	if lines[0] != "c2sp.org/tlog-proof@v1" {
		return fmt.Errorf("no tlog-proof")
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[1], "index "), 10, 64)
	if err != nil {
		return err
	}
	var path tlog.RecordProof
	for _, line := range lines[2:] {
		data, err := base64.StdEncoding.DecodeString(line)
		if err != nil || len(data) != tlog.HashSize {
			return fmt.Errorf("no hash: %s", line)
		}
		path = append(path, tlog.Hash(data))
	}
	checkpoint, err := opened([]byte(signed), vkey)
	if err != nil {
		return err
	}
	data, err := hex.DecodeString(leaf)
	if err != nil {
		return err
	}
	return tlog.CheckRecord(path, checkpoint.N, checkpoint.Hash, index, tlog.Hash(data))
}
