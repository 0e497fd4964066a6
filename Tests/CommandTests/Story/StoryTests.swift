// The whole story of a move, on real volumes and beside users who write: a first copy, passes in a loop that give way, a
// damaged file, a DESTINATION that somebody fills, READY, the last pass, the comparison. What the program tells on the
// way, by whatever place, is held against what was seen from outside.
//
//   StoryTests     the acts, one after the other
//   StoryActs      what happens in each
//   StoryJudge     what was told of passes against what was seen
//   StoryLoop      `follow`, led from pass to pass; what its status files tell
//   StoryTold      what was told, place against place
//   StoryObserver  who looks on: trees, what is left to do, room, clocks
//   StoryWriter    who writes, with a journal

import Glibc
import TestSupport
import Testing

@Suite(
    "The story: from the first copy to the switch",
    .requiresVolumes,
    .requiresFaultTable,
    .timeLimit(.minutes(10))
)
struct StoryTests {
    @Test("every figure on the way is what somebody outside measured; in the end nothing differs")
    func story() throws {
        let story = try Story()
        defer { story.writers.stop() }
        try story.firstCopy()
        let loop = try story.beginLoop()
        try story.givesWay(loop)
        try story.rollingPasses(loop)
        try story.exactPasses(loop)
        try story.fullDestination(loop)
        try story.ready(loop)
        try story.judge(loop)
        try story.lastPass()
        try story.comparison()
        try story.end()
    }
}
