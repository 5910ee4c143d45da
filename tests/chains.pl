#!/usr/bin/perl
# SPDX-License-Identifier: LGPL-3.0-or-later
#
# Holds the call chains that leaktop unwinds from a recording's stack dumps
# against those that perf script finds, sample by sample, and the stacks of
# leaktop's suspects against the former:
#
#   chains.pl [--depth=N] UNWOUND.txt PERF.txt LEAKTOP.json
#
# UNWOUND.txt is what tests/targets/unwound prints, PERF.txt what is printed by
#   perf script --no-inline --ns -F comm,pid,tid,time,event,ip,sym,dso
#
# Where perf comes to the end of a dump it writes -1 for the frame that it has
# not found.  It does not read the last eight bytes of a dump (access_mem() in
# its unwind-libunwind-local.c), so leaktop may have that frame; these chains
# count as equal.
#
# Prints the shares and the first differences.  Exit status 0: at least 99 % are
# equal, half of all have N frames (5) or more, and no suspect has a stack that
# was not unwound; 1 otherwise.

use strict;
use warnings;
no warnings 'portable';    # hex() of 64-bit addresses
use Getopt::Long;
use JSON::PP;

my $DEPTH = 5;
GetOptions( 'depth=i' => \$DEPTH ) && @ARGV == 3
  or die "Usage: chains.pl [--depth=N] UNWOUND.txt PERF.txt LEAKTOP.json\n";
my ( $unwound_path, $perf_path, $json_path ) = @ARGV;

sub open_file {
    my ($path) = @_;
    open my $file, '<', $path or die "$path: $!\n";
    return $file;
}

my %samples;    # "pid/tid time" → its chains, each [ addresses, offsets ]
my %stacks;     # addresses, as a suspect may have them
my ( $all, $deep, $equal, $missing, $shown ) = ( 0, 0, 0, 0, 0 );

my $unwound = open_file($unwound_path);
while (<$unwound>) {
    my ( $task, $time, @frames ) = split;
    my @addresses = map { s/:.*//r } @frames;
    my @offsets   = map { s/.*://r } @frames;
    push @{ $samples{"$task $time"} }, [ \@addresses, \@offsets ];
    $stacks{"@addresses"} = 1;
    # A chain from a function's entry begins with its caller.
    $stacks{"@addresses[1 .. $#addresses]"} = 1;
}

# What perf prints for an address in a file is the offset, or in other versions
# the address; of return addresses less one.
sub same {
    my ( $perf, $addresses, $offsets ) = @_;
    return 0 if @$perf != @$offsets;
    for my $i ( 0 .. $#$perf ) {
        next if $perf->[$i] eq $offsets->[$i];
        return 0
          if hex( $perf->[$i] ) != hex( $addresses->[$i] ) - ( $i ? 1 : 0 );
    }
    return 1;
}

sub compare {
    my ( $sample, @perf ) = @_;
    my $chain = shift @{ $samples{$sample} || [] };
    my $cut   = @perf && $perf[-1] eq 'f' x 16;
    pop @perf if $cut;
    $all++;
    $deep++ if @perf >= $DEPTH;
    my ( $addresses, $offsets ) = $chain ? @$chain : ( [], [] );
    my $last = $#$offsets - 1;
    if ( same( \@perf, $addresses, $offsets )
        || $cut && $last >= 0
        && same( \@perf, [ @$addresses[ 0 .. $last ] ],
            [ @$offsets[ 0 .. $last ] ] ) )
    {
        $equal++;
    }
    elsif ( $shown++ < 5 ) {
        print "$sample\n  perf:    @perf\n  leaktop: @$offsets\n";
    }
}

my ( $sample, @frames );
my $perf = open_file($perf_path);
while (<$perf>) {
    if (/^\s+([0-9a-f]+)\s/) {
        push @frames, $1;
    }
    elsif (m{^.*?\s(\d+/\d+)\s+(\d+\.\d{9}):\s}) {
        compare( $sample, @frames ) if defined $sample;
        ( $sample, @frames ) = "$1 $2";
    }
}
compare( $sample, @frames ) if defined $sample;
die "$perf_path: no samples\n" if !$all;

my $json = decode_json( do { local $/; readline open_file($json_path) } );
for my $suspect ( @{ $json->{suspects} } ) {
    my $stack = join ' ',
      map { $_->{address} =~ s/^0x//r } grep { !$_->{inlined} } @{ $suspect->{stack} };
    next if $stacks{$stack};
    print "a suspect has a stack of its own: $stack\n" if !$missing++;
}
die "$json_path: no suspects\n" if !@{ $json->{suspects} };

printf "%d samples, %.2f %% with %d frames or more, %.2f %% equal; "
  . "%d suspects, %d not unwound\n",
  $all, 100 * $deep / $all, $DEPTH, 100 * $equal / $all,
  scalar @{ $json->{suspects} }, $missing;
exit( $equal >= 0.99 * $all && $deep >= 0.5 * $all && !$missing ? 0 : 1 );
