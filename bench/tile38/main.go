// Tile38's engine (tidwall/geojson and tidwall/rtree) asked which area holds each point, and
// whether each point lies in its own. Prints points a CPU second as JSON.
package main

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"io"
	"math"
	"os"
	"syscall"

	"github.com/tidwall/geojson/geometry"
	"github.com/tidwall/rtree"
)

type area []*geometry.Poly

func count(in io.Reader) int {
	var n int64
	if err := binary.Read(in, binary.LittleEndian, &n); err != nil {
		panic(err)
	}
	return int(n)
}

func points(in io.Reader, n int) []geometry.Point {
	raw := make([]byte, 16*n)
	if _, err := io.ReadFull(in, raw); err != nil {
		panic(err)
	}
	found := make([]geometry.Point, n)
	for i := range found {
		found[i].X = math.Float64frombits(binary.LittleEndian.Uint64(raw[16*i:]))
		found[i].Y = math.Float64frombits(binary.LittleEndian.Uint64(raw[16*i+8:]))
	}
	return found
}

func (a area) contains(p geometry.Point) bool {
	for _, poly := range a {
		if poly.ContainsPoint(p) {
			return true
		}
	}
	return false
}

func cpu() float64 {
	var used syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &used)
	return float64(used.Utime.Nano()+used.Stime.Nano()) / 1e9
}

func best(n int, work func()) float64 {
	rate := 0.0
	for i := 0; i < 3; i++ {
		started := cpu()
		work()
		rate = math.Max(rate, float64(n)/(cpu()-started))
	}
	return rate
}

func main() {
	file, err := os.Open(os.Args[1])
	if err != nil {
		panic(err)
	}
	in := bufio.NewReaderSize(file, 1<<20)
	areas := make([]area, count(in))
	var tree rtree.RTreeG[int]
	for i := range areas {
		for polygons := count(in); polygons > 0; polygons-- {
			rings := make([][]geometry.Point, count(in))
			for j := range rings {
				rings[j] = points(in, count(in))
			}
			poly := geometry.NewPoly(rings[0], rings[1:], geometry.DefaultIndexOptions)
			areas[i] = append(areas[i], poly)
			box := poly.Rect()
			tree.Insert([2]float64{box.Min.X, box.Min.Y}, [2]float64{box.Max.X, box.Max.Y}, i)
		}
	}
	n := count(in)
	asked := points(in, n)
	own := make([]int64, n)
	if err := binary.Read(in, binary.LittleEndian, &own); err != nil {
		panic(err)
	}
	found := 0
	which := best(n, func() {
		for _, p := range asked {
			at := [2]float64{p.X, p.Y}
			tree.Search(at, at, func(_, _ [2]float64, i int) bool {
				if areas[i].contains(p) {
					found++
					return false
				}
				return true
			})
		}
	})
	mine := best(n, func() {
		for i, p := range asked {
			if areas[own[i]].contains(p) {
				found++
			}
		}
	})
	json.NewEncoder(os.Stdout).Encode(map[string]float64{
		"which": which, "own": mine, "found": float64(found) / 6 / float64(n),
	})
}
