"""What customers of the sample shop write: stars and a text.

The opinions about a kind stand in the order of its products, and start over when there are
more of them than products.
"""

from __future__ import annotations

OPINIONS: dict[str, tuple[tuple[int, str], ...]] = {
    "sneaker": (
        (5, "Finally a shoe for wide feet. Nothing pinches, even after ten hours at a trade fair."),
        (4, "Comfortable from the first step. One star off for the laces, which are too short."),
        (4, "They run large: order half a size down and you will be happy."),
        (2, "Too narrow for me and sent back. The refund came quickly."),
        (3, "Nice colour, but the sole is harder than I expected."),
        (5, "My daughter refuses to wear anything else, including to bed."),
        (4, "After a summer of festivals they look better than new."),
        (3, "Good shoe, but the navy rubs off on white socks."),
    ),
    "runner": (
        (5, "Ran my first half marathon in them, without a single blister."),
        (5, "Three days of rain on the coast path and my socks stayed dry. Really waterproof."),
        (4, "Plenty of room for my wide feet, and still a firm heel."),
        (1, "The sole came off after two weeks of running on gravel. I had hoped for more."),
        (4, "Soft and kind to my knees. Not made for speed, and neither am I."),
        (3, "Fast, but too hard for my knees on asphalt."),
        (4, "Breathes well in summer. In winter I feel every draught."),
        (5, "Grips on wet leaves as if it were June."),
    ),
    "boot": (
        (5, "Stood in the river up to my calves. Still dry inside."),
        (5, "Our son tests every puddle on the way to school, and the boots pass."),
        (3, "Good boots, but they smell of rubber for the first week."),
        (4, "Warm, waterproof, easy to clean. Getting out of them takes two people."),
        (2, "Too narrow at the calf, so they had to go back."),
    ),
    "tote": (
        (5, "Carries two watermelons. I tried."),
        (4, "Pretty and strong. It could do with a small pocket for keys."),
        (5, "I get asked about this bag on the tram at least once a week."),
        (3, "Smaller than it looks in the picture, but well made."),
        (5, "The butter was still firm at four in the afternoon, in August."),
    ),
    "handbag": (
        (5, "The leather smells as leather should and gets better every month."),
        (4, "Elegant, closes well, just too small for my glasses case."),
        (2, "The clasp came loose after a month. Repaired free of charge, at least."),
        (4, "Silent in the theatre, as promised. It holds a phone, and that is all."),
        (5, "Vegan and still soft. Nobody believes that it is not leather."),
    ),
    "backpack": (
        (5, "An hour on the bicycle in a downpour, and everything inside was dry."),
        (5, "Light enough for my son, large enough for all that he thinks he needs."),
        (4, "Sits well on the back. The side pockets are too shallow for a large bottle."),
        (5, "Hauled up forty metres of limestone, and not a scratch."),
        (2, "The zip jams when it is full."),
    ),
    "shirt": (
        (5, "Ten washes later it still has its shape and its colour."),
        (2, "Shrank a little all the same, though it is called pre-washed."),
        (3, "Soft, but longer at the back than I like."),
        (5, "Dries overnight and does not smell. I travel with two of them."),
        (4, "Cool on hot days, creased on all days. I like it."),
    ),
    "sweater": (
        (5, "Soft, does not itch, and I am a person whom everything itches."),
        (4, "Warm without being heavy. The sleeves are a little long for me."),
        (3, "Beautiful, but it pills under the arms."),
        (5, "My third one, in a third colour. That says it all."),
        (5, "My son hates wool and loves this."),
    ),
    "sun_hat": (
        (5, "Stays on in the sea wind and leaves no line on the forehead."),
        (4, "Came out of the suitcase as if nothing had happened."),
        (3, "Pretty, but too small for a large head."),
    ),
    "beanie": (
        (5, "Warm ears at last, and it does not itch."),
        (4, "A bit tight on the first day, then perfect."),
        (2, "The pompom fell off in its first winter."),
    ),
    "cap": (
        (5, "Fell into the harbour, floated, fits as before."),
        (4, "Light, quick to dry, and it goes under a helmet."),
        (3, "The peak is softer than I like."),
    ),
    "glasses": (
        (5, "No glare on the water, no pressure behind the ears."),
        (4, "Look expensive, are not. A harder case would be nice."),
        (2, "A hinge broke when I sat on them. Well, I did sit on them."),
    ),
    "umbrella": (
        (5, "Turned inside out in a storm, popped back, nothing broken."),
        (2, "Gave up on its second windy day."),
        (4, "Large, light and dry again within an hour."),
        (5, "I have not lost it yet, which is a record."),
    ),
    "mug": (
        (5, "A hundred times through the dishwasher and it looks like new."),
        (4, "The right size for two coffees in one. A little heavy."),
        (1, "Arrived in pieces. Packed with love, but with too little paper."),
        (3, "Thin at the lip, as promised, and twice as fragile."),
        (5, "Fell off the coast path, has a dent, works."),
        (5, "The handle fits a whole hand, and my hands are large."),
    ),
    "teapot": (
        (5, "Pours without a drip. I had stopped believing in that."),
        (4, "Six cups and warm to the last. The lid could sit a little tighter."),
        (3, "Lovely shape, but the strainer is too small for large leaves."),
    ),
    "bottle": (
        (5, "Leakproof, as promised: it lay upside down among my papers all day."),
        (4, "Good bottle, only the lid may not go into the dishwasher."),
        (2, "Leaks when it is not closed with force."),
        (5, "Survived three kindergarten years and one car."),
        (5, "Water tastes of water, and the cork looks better with every stain."),
    ),
    "flask": (
        (5, "Tea made at six in the morning, still too hot to drink at noon."),
        (4, "Keeps hot for ever. The stopper needs some practice."),
        (3, "Does what it should, but it got a dent in the first week."),
    ),
    "lamp": (
        (5, "Warm, even light. The corner with the armchair is a room of its own now."),
        (4, "Beautiful lamp. The bulb that comes with it is a little dim."),
        (2, "The switch got stuck after a month."),
        (4, "The stripes throw stripes on the wall. Unexpected, and nice."),
        (5, "Dims down to almost nothing. The baby sleeps, we read."),
    ),
    "desk_lamp": (
        (5, "No flicker, and my evening headaches are gone."),
        (4, "Stands firm, turns everywhere. The cord is short."),
        (3, "Bright, but the head sinks after a while."),
        (5, "Homework has not become more fun, but brighter."),
    ),
    "chair": (
        (5, "Six of them round our table, and guests stay until two in the morning."),
        (4, "Easy to put together: the holes are where they should be."),
        (2, "One leg is shorter than the others. It wobbles."),
        (5, "Eight hours of work a day, and no backache."),
        (3, "Good-looking, but hard for long dinners. A cushion helps."),
    ),
    "armchair": (
        (3, "Very comfortable, but deeper than I thought. Measure your room."),
        (5, "I sat down to try it and finished the book."),
        (5, "The cat took it. We are allowed to look."),
        (4, "The cover came out of the wash as good as new, red wine and all."),
    ),
    "plant": (
        (5, "Came fresh and well packed, and has already grown a new leaf."),
        (4, "Healthy plant in a very pretty pot."),
        (2, "Two leaves were broken, and the soil was everywhere."),
        (5, "I kill every plant. This one lives."),
    ),
    "cactus": (
        (5, "Bloomed in its first spring. I called my mother."),
        (4, "Small but perfect. The pot scratches the table, so put felt under it."),
    ),
    "clock": (
        (5, "Silent at last. We could hear the old one from the garden."),
        (4, "Easy to read from the other end of the kitchen. The screw was missing."),
        (5, "Changed to summer time by itself while I overslept."),
        (2, "Five minutes fast every week."),
    ),
    "alarm_clock": (
        (5, "Wakes me, the dog and the neighbours. I had asked for it."),
        (3, "Gentle at first, as promised, but it ticks all night."),
    ),
    "cushion": (
        (5, "Soft, washable, and the zip really is invisible."),
        (3, "A bit smaller than I thought."),
        (4, "Heavy velvet. Our sofa looks like an opera now."),
        (4, "Spent a summer in the rain on our terrace and did not fade."),
    ),
    "vase": (
        (5, "Three tulips in it, and the table is set."),
        (4, "Heavy enough for the cat. Waterproof, too."),
    ),
}

ANYWHERE: tuple[tuple[int | None, str], ...] = (
    (5, "Fast delivery, paper instead of plastic, a handwritten card. Thank you!"),
    (4, "Good value for the money."),
    (3, "It does what it should. No more, no less."),
    (None, "Can somebody tell me whether this also comes in green?"),
    (1, "Waited three weeks for it, and then it was the wrong colour."),
    (5, "Bought as a present, kept for myself."),
    (2, "The colour does not match the picture at all."),
    (None, "Does anybody know how it looks after a year?"),
    (4, "Exactly as described, and well packed."),
)
