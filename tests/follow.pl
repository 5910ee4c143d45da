#!/usr/bin/perl
# SPDX-License-Identifier: LGPL-3.0-or-later
#
# An independent reading of a recording, to hold leaktop's own against.  It
# shares no code and no input with leaktop: it reads what "perf script" prints.
# Slow, plain, and written from the issue and the design alone.
#
#   follow.pl [OPTION]... [FILE]
#
# FILE is a perf.data of any form, of which perf script is run here, or perf script's text
# ("-" or none: standard input), printed by default or with
#   -F trace:comm,pid,tid,cpu,time,event,trace --show-task-events --show-lost-events
#
#   --libc=PATH      tell PLT stubs by this library's sections (readelf)
#   --stub=ADDR,...  these probed addresses are stubs; nothing else is judged
#   --explain        say on stderr where each anomaly and unpaired hit is
#   --self-test      follow the hand-written cases at the end of this file
#
# Prints JSON with the keys hits, lost, unpaired, operations, live, anomalies
# and sizes of "leaktop --batch --format=json"; compare.pl compares the two.

use strict;
use warnings;
no warnings 'portable';    # hex() of 64-bit addresses
use Getopt::Long;

# What each function's arguments mean, by the names that perf probe gives them.
# The order is the order of preference where two names share one address.
my @ORDER = qw(malloc calloc realloc reallocarray aligned_alloc memalign
  posix_memalign valloc free);
my %RANK;
@RANK{@ORDER} = 0 .. $#ORDER;
my @BYTES    = ( [qw(bytes size)] );
my @PRODUCT  = ( [qw(nmemb n)], [qw(elem_size size)] );
my @OLD      = qw(oldmem optr ptr mem);
my %FUNCTION = (
    malloc         => { size => \@BYTES },
    calloc         => { size => \@PRODUCT },
    realloc        => { size => \@BYTES, old => \@OLD },
    reallocarray   => { size => \@PRODUCT, old => \@OLD },
    aligned_alloc  => { size => \@BYTES },
    memalign       => { size => \@BYTES },
    posix_memalign => { size => \@BYTES, status => 1 },
    valloc         => { size => \@BYTES },
    free           => { old => \@OLD },
);
my $OVERFLOW = 'overflow';    # a product that does not fit into 64 bits

my %option;

# ---------------------------------------------------------------------------
# Reading.  A recording becomes a list of strings, fields separated by tabs:
#   H line pid.generation tid event return? address size old result pointer
#   F line pid tid parent's-pid parent's-tid          (fork or new thread)
#   X line pid tid                                    (exec)
#   E line pid tid                                    (exit)
# It has to be kept, because what a stub is shows only over the whole; strings,
# because a million of them fits into memory and a million hashes does not.

my $HEADER = qr{^\s*(\S.*?|:?-?\d+)\s+(-?\d+)(?:/(-?\d+))?\s+
                (?:\[(-?\d+)\]\s+)?(\d+\.\d+):\s+(.*?)\s*$}x;

sub number {
    my ($text) = @_;
    return undef if !defined $text;
    return hex $1            if $text =~ /^0x([0-9a-f]{1,16})$/i;
    return $text + 0         if $text =~ /^\d+$/;
    return ~( $1 - 1 )       if $text =~ /^-([1-9]\d*)$/;    # a signed type
    return undef;
}

# The first of the fields NAMES that is there.
sub field {
    my ( $fields, @names ) = @_;
    for (@names) { return $fields->{$_} if defined $fields->{$_} }
    return undef;
}

# The product of all size arguments; undef where one was not recorded.
sub size_of {
    my ( $fields, $function ) = @_;
    my $product = 1;
    my $zero    = 0;
    my $over    = 0;
    for my $names ( @{ $FUNCTION{$function}{size} || return undef } ) {
        my $factor = field( $fields, @$names );
        return undef if !defined $factor;
        if    ( !$factor )                      { $zero = 1 }
        elsif ( exceeds( $product, $factor ) ) { $over = 1 }
        else                                   { $product *= $factor }
    }
    return $zero ? 0 : $over ? $OVERFLOW : $product;
}

# Whether A * B exceeds 64 bits, in integers: "/" would go through doubles.
sub exceeds {
    my ( $a, $b ) = @_;
    use integer;
    my ( $ah, $al ) = ( ( $a >> 32 ) & 0xffffffff, $a & 0xffffffff );
    my ( $bh, $bl ) = ( ( $b >> 32 ) & 0xffffffff, $b & 0xffffffff );
    no integer;
    return 1 if $ah && $bh;
    my $middle = $ah * $bl + $al * $bh;    # one of the two is zero
    return 1 if $middle > 0xffffffff;
    my $low = $al * $bl;
    return $low > ~0 - ( $middle << 32 );
}

# GROUP:EVENT → function.  perf probe numbers what it has to make twice, and
# appends __return by itself.  Whether it is a return the trace says.
my %function_of;

sub function_of {
    my ($event) = @_;
    return $function_of{$event} if exists $function_of{$event};
    my $name = $event;
    $name =~ s/^.*://;
    $name =~ s/^lt_//;    # leaktop's own
    $name =~ s/_\d+$//;
    $name =~ s/__return$//;
    $name =~ s/_\d+$//;
    $name =~ s/_ret$//;
    return $function_of{$event} = exists $FUNCTION{$name} ? $name : undef;
}

sub read_recording {
    my ($handle) = @_;
    my %r = ( records => [], hits => 0, lost => 0, lost_samples => 0 );
    my ( %generation, %pid_of, %told );

    # An exec puts the library elsewhere: addresses of before mean nothing.
    my $instance = sub { "$_[0]." . ( $generation{ $_[0] } || 0 ) };

    while ( my $line = <$handle> ) {
        next if index( $line, ': ' ) < 0;
        my ( undef, $pid, $tid, undef, $time, $rest ) = $line =~ $HEADER
          or next;
        if ( !defined $tid ) {    # printed without pids
            $tid = $pid;
            $pid = $pid_of{$tid};
            $pid = 0 if !defined $pid;
        }
        if ( $rest =~ /^PERF_RECORD_(\w+)(.*)$/ ) {
            my ( $type, $text ) = ( $1, $2 );
            if ( $type =~ /^LOST/ && $text =~ /(\d+)\s*$/ ) {
                $r{ $type eq 'LOST' ? 'lost' : 'lost_samples' } += $1;
            }
            elsif ( $type eq 'COMM' && $text =~ m{:(\d+)/(\d+)$} ) {
                my ( $p, $t ) = ( $1, $2 );
                $pid_of{$t} = $p;
                if ( $rest =~ /^PERF_RECORD_COMM exec:/ ) {
                    $generation{$p}++;
                    push @{ $r{records} }, join "\t", 'X', $., $p, $t;
                }
            }
            elsif ( $text =~ /^\s*\((\d+):(\d+)\):\((\d+):(\d+)\)/ ) {
                my ( $p, $t, $pp, $pt ) = ( $1, $2, $3, $4 );
                if ( $type eq 'FORK' ) {
                    $pid_of{$t} = $p;
                    push @{ $r{records} }, join "\t", 'F', $., $p, $t, $pp, $pt;
                }
                elsif ( $type eq 'EXIT' ) {
                    push @{ $r{records} }, join "\t", 'E', $., $p, $t;
                }
            }
            next;
        }

        my ( $event, $trace ) = $rest =~ /^(?:\d+\s+)?(\S+:\S+):\s+(.*)$/
          or next;
        my $function = function_of($event);
        next if !defined $function;
        $trace =~ /^\(([0-9a-f]+)( <- [0-9a-f]+)?\)\s*(.*)$/ or next;
        my ( $address, $return, $arguments ) = ( $1, $2 ? 1 : 0, $3 );
        my %fields;
        while ( $arguments =~ /(\w+)=(\S+)/g ) {
            $fields{$1} = number($2);
        }
        my ( $size, $old, $result, $pointer );
        if ($return) {
            $result = field( \%fields, qw(arg1 retval ret result) );
            $pointer = $fields{ptr};
        }
        else {
            $size = size_of( \%fields, $function );
            $old = field( \%fields, @{ $FUNCTION{$function}{old} || [] } );
        }
        $r{hits}++;

        # perf 6.1 now and then writes a sample twice.  No thread does the same
        # thing twice in a row, in no time.
        my $told = "$time $event $trace";
        next if defined $told{$tid} && $told{$tid} eq $told;
        $told{$tid} = $told;
        push @{ $r{records} }, join "\t", 'H', $., $instance->($pid), $tid,
          $event, $return, $address,
          map { defined $_ ? $_ : '' } $size, $old, $result, $pointer;
    }

    return \%r;
}

# ---------------------------------------------------------------------------
# Which hits count.  Two things are told from the recording as a whole, for
# each instance (a process between two execs) by itself.

# The events at each address.  One call hits once for every event there: glibc
# 2.36 has memalign and aligned_alloc at one address, and a probe may have been
# made twice.  Only the preferred one counts.
sub find_duplicates {
    my ($r) = @_;
    my ( %events, %duplicate );
    for ( @{ $r->{records} } ) {
        my ( $kind, undef, $instance, undef, $event, $return, $address ) =
          split /\t/;
        $events{"$instance\t$address\t$return"}{$event} = 1
          if $kind eq 'H';
    }
    for my $place ( keys %events ) {
        my ( $keep, @drop ) = sort {
            $RANK{ function_of($a) } <=> $RANK{ function_of($b) }
              || $a cmp $b
        } keys %{ $events{$place} };
        $duplicate{"$place\t$_"} = 1 for @drop;
    }
    return \%duplicate;
}

# "perf probe realloc" also finds realloc@plt, and takes some other function's
# stub for it.  One process has one realloc: of several addresses under one
# name all but one are stubs.
sub find_stubs {
    my ($r) = @_;
    if ( $option{stub} ) {
        return { map { s/^0x//ir => 1 } split /,/, $option{stub} };
    }
    my %addresses;    # instance → function → address → hits
    for ( @{ $r->{records} } ) {
        my ( $kind, undef, $instance, undef, $event, undef, $address ) =
          split /\t/;
        $addresses{$instance}{ function_of($event) }{$address}++
          if $kind eq 'H';
    }
    return stubs_by_section( \%addresses ) if $option{libc};
    my %stub;
    for my $instance ( keys %addresses ) {
        $stub{$_} = 1
          for stubs_by_behaviour( $r, $instance, $addresses{$instance} );
    }
    return \%stub;
}

sub stubs_by_behaviour {
    my ( $r, $instance, $of ) = @_;
    return if !grep { keys %$_ > 1 } values %$of;
    my $reach = reach( $r, $instance );
    my @stubs;
    for my $function ( keys %$of ) {
        my @candidates = sort keys %{ $of->{$function} };
        next if @candidates < 2;

        # Every call of a stub reaches another probed function (the real one,
        # whatever its name) with the same result.
        my @functions = grep {
            my $seen = $reach->{$_};
            !$seen || $seen->{reached} < $seen->{calls}
        } @candidates;
        @functions = @candidates if !@functions;

        # What is left over is the stub of something that is not followed at
        # all (in Debian's libc strnlen's, taken for realloc's).  Stubs lie
        # together, and so do the functions of malloc.c, far from those: take
        # the address nearest to any other function's.
        if ( @functions > 1 ) {
            my @others = map { hex } map { keys %{ $of->{$_} } }
              grep { $_ ne $function && keys %{ $of->{$_} } == 1 } keys %$of;
            my %distance;
            for my $candidate (@functions) {
                $distance{$candidate} = ~0;
                for my $other (@others) {
                    my $distance = abs( hex($candidate) - $other );
                    $distance{$candidate} = $distance
                      if $distance < $distance{$candidate};
                }
            }
            @functions = sort { $distance{$a} <=> $distance{$b} } @functions;
        }
        push @stubs, grep { $_ ne $functions[0] } @candidates;
    }
    return @stubs;
}

# For each probed address in INSTANCE: how many calls completed, and how many
# of them held another call that returned the same.
sub reach {
    my ( $r, $instance ) = @_;
    my ( %reach, %stack );
    for ( @{ $r->{records} } ) {
        my ( $kind, undef, $in, $tid, $event, $return, $address, undef,
            undef, $result )
          = split /\t/, $_, -1;
        next
          if $kind ne 'H'
          || $in ne $instance
          || function_of($event) eq 'free';
        my $stack = $stack{$tid} ||= [];
        if ( !$return ) {
            push @$stack, [$address];
            next;
        }
        my ($top) = grep { $stack->[$_][0] eq $address } reverse 0 .. $#$stack;
        next if !defined $top;
        my $frame = $stack->[$top];
        $#$stack = $top - 1;
        $reach{$address}{calls}++;
        $reach{$address}{reached} +=
          defined $frame->[1] && $frame->[1] eq $result ? 1 : 0;
        $stack->[-1][1] = $result if @$stack;
    }
    return \%reach;
}

# The sections of the library decide.  Where it is mapped follows from any
# function whose offset in its page fits.
sub stubs_by_section {
    my ($addresses) = @_;
    my ( @plt, %value );
    for ( split /\n/, output_of( 'readelf', '-SW', $option{libc} ) ) {
        push @plt, [ hex $1, hex $2 ]
          if /\]\s+\.plt\S*\s+PROGBITS\s+([0-9a-f]+)\s+[0-9a-f]+\s+([0-9a-f]+)/;
    }
    for ( split /\n/, output_of( 'readelf', '-W', '--dyn-syms', $option{libc} ) )
    {
        $value{$2} = hex $1
          if /:\s+([0-9a-f]+)\s+\d+\s+FUNC\s.*\s(\w+)(?:@\S+)?$/
          && $FUNCTION{$2};
    }
    my %stub;
    for my $of ( values %$addresses ) {
        my %votes;
        for my $function ( keys %$of ) {
            for ( keys %{ $of->{$function} } ) {

                # A probe may sit a few bytes behind the entry.
                my $base = ( hex() - $value{$function} ) & ~0xfff;
                my $into = ( hex() - $value{$function} ) & 0xfff;
                $votes{$base}++ if $into < 64;
            }
        }
        my ($base) = sort { $votes{$b} <=> $votes{$a} } keys %votes;
        die "follow.pl: $option{libc} is not the recorded library\n"
          if !defined $base;
        for my $address ( map { keys %$_ } values %$of ) {
            my $offset = hex($address) - $base;
            $stub{$address} = 1
              if grep { $offset >= $_->[0] && $offset < $_->[0] + $_->[1] }
              @plt;
        }
    }
    return \%stub;
}

sub output_of {
    my @command = @_;
    open my $pipe, '-|', @command or die "follow.pl: $command[0]: $!\n";
    local $/;
    my $text = <$pipe>;
    close $pipe or die "follow.pl: @command failed\n";
    return $text;
}

# ---------------------------------------------------------------------------
# Following.

my ( %thread, %process, %result, %size );

sub explain {
    my ( $line, $tid, $text ) = @_;
    print STDERR "line $line, thread $tid: $text\n" if $option{explain};
}

sub follow {
    my ($r) = @_;
    my $stubs     = find_stubs($r);
    my $duplicate = find_duplicates($r);
    %thread  = ();
    %process = ();
    %size    = ();

    # Since kernel 6.0 and perf 6.1 a lost sample is told twice: where it
    # happened in a LOST record, and at the end in its event's LOST_SAMPLES.
    my ( undef, $lost ) =
      sort { $a <=> $b } $r->{lost}, $r->{lost_samples};
    %result = (
        hits       => $r->{hits},
        lost       => $lost,
        unpaired   => 0,
        operations => {},
        anomalies  => {
            unallocated_free => 0,
            double_free      => 0,
            double_alloc     => 0
        },
    );
    for ( @{ $r->{records} } ) {
        my ( $kind, $line, @fields ) = split /\t/, $_, -1;
        if ( $kind eq 'H' ) {
            my ( $instance, $tid, $event, $return, $address ) = @fields;
            next
              if $stubs->{$address}
              || $duplicate->{"$instance\t$address\t$return\t$event"};
            my %hit = ( line => $line, function => function_of($event) );
            @hit{qw(pid tid event return address size old result pointer)} =
              map { $_ eq '' ? undef : $_ } @fields;
            $hit{pid} =~ s/\..*//;
            hit( \%hit );
        }
        elsif ( $kind eq 'F' ) { forked(@fields) }
        elsif ( $kind eq 'X' ) { executed(@fields) }
        elsif ( $kind eq 'E' ) { delete $thread{ $fields[1] } }
    }
    if ( $option{explain} ) {
        print STDERR "stub: $_\n" for sort keys %$stubs;
        for my $tid ( sort keys %thread ) {
            explain( $_->{line}, $tid, "$_->{function} is open at the end" )
              for @{ $thread{$tid}{stack} };
        }
    }
    return \%result;
}

sub process {
    my ($pid) = @_;
    return $process{$pid} ||= { live => {}, freed => {}, moving => {} };
}

sub hit {
    my ($hit) = @_;
    my $thread = $thread{ $hit->{tid} } ||= { stack => [] };
    $thread->{pid} = $hit->{pid};
    if    ( $hit->{return} )             { returned( $thread, $hit ) }
    elsif ( $hit->{function} eq 'free' ) { freed( $thread, $hit ) }
    else                                 { called( $thread, $hit ) }
}

sub called {
    my ( $thread, $hit ) = @_;
    my $stack = $thread->{stack};
    my ($open) =
      grep { $stack->[$_]{address} eq $hit->{address} } reverse 0 .. $#$stack;
    if ( defined $open ) {
        # No allocation function calls itself: the return was lost.
        abandon( $thread, $open, $hit );
    }
    my $frame = {%$hit};
    push @$stack, $frame;

    # While it is under way other threads may get the block it gives up.
    process( $hit->{pid} )->{moving}{ $hit->{old} } = $frame
      if @$stack == 1 && $hit->{old};
}

# The calls from index FROM on never returned.
sub abandon {
    my ( $thread, $from, $hit ) = @_;
    for my $frame ( splice @{ $thread->{stack} }, $from ) {
        $result{unpaired}++;
        explain( $hit->{line}, $hit->{tid},
            "$frame->{function} of line $frame->{line} never returned" );
        forget_move($frame);
    }
}

sub forget_move {
    my ($frame) = @_;
    my $moving = process( $frame->{pid} )->{moving};
    delete $moving->{ $frame->{old} }
      if defined $frame->{old}
      && defined $moving->{ $frame->{old} }
      && $moving->{ $frame->{old} } == $frame;
}

sub returned {
    my ( $thread, $hit ) = @_;
    my $stack = $thread->{stack};
    my ($open) =
      grep { $stack->[$_]{address} eq $hit->{address} } reverse 0 .. $#$stack;
    if ( !defined $open ) {
        $result{unpaired}++;
        explain( $hit->{line}, $hit->{tid},
            "$hit->{function} returned without a call" );
        return;
    }
    abandon( $thread, $open + 1, $hit );
    my $frame = pop @$stack;
    forget_move($frame);
    $frame->{result}  = $hit->{result};
    $frame->{pointer} = $hit->{pointer};
    if   (@$stack) { $stack->[-1]{inner} = settled($frame) }
    else           { completed( $frame, $hit ) }
}

# What a call that returned did: the block it gave, the one it was given, how
# many bytes.  What was not recorded of it an inner call may have shown.
sub settled {
    my ($frame) = @_;
    my %done    = %$frame;
    my $inner   = $frame->{inner} || {};
    $done{got} = $frame->{result};
    if ( $FUNCTION{ $frame->{function} }{status} ) {
        my $failed =
          !defined $frame->{result} || ( $frame->{result} & 0xffffffff );
        $done{got} = $failed ? 0 : $frame->{pointer} || $inner->{got};
    }
    if ( defined $inner->{got} && $inner->{got} eq ( $done{got} // '' ) ) {
        $done{size} //= $inner->{size};
        $done{old}  //= $inner->{old};
    }
    delete $done{inner};
    return \%done;
}

sub completed {
    my ( $frame, $hit ) = @_;
    my $done = settled($frame);
    my ( $got, $size, $old ) = @$done{qw(got size old)};
    $result{operations}{ $done->{function} }++;
    my $process = process( $hit->{pid} );

    if ( $old && defined $got && ( $got || ( defined $size && $size eq '0' ) ) )
    {
        release( $process, $old, $hit ) if !$frame->{moved};
    }
    elsif ( $frame->{moved} ) {

        # Another thread got the block of a realloc that then failed.
        $result{anomalies}{double_alloc}++;
        explain( $hit->{line}, $hit->{tid}, "double allocation before" );
    }
    acquire( $process, $got, $size, $hit )
      if $got && defined $size && $size ne $OVERFLOW;
}

sub freed {
    my ( $thread, $hit ) = @_;
    return if @{ $thread->{stack} };    # realloc's own, of size 0
    $result{operations}{free}++;
    release( process( $hit->{pid} ), $hit->{old}, $hit ) if $hit->{old};
}

sub release {
    my ( $process, $address, $hit ) = @_;
    my $block = delete $process->{live}{$address};
    if ($block) {
        $process->{freed}{$address} = 1;
        return if !$block->{counted};
        $size{ $block->{size} }{blocks}--;
        $size{ $block->{size} }{freed}++;
        return;
    }
    my $kind =
      $process->{freed}{$address} ? 'double_free' : 'unallocated_free';
    $result{anomalies}{$kind}++;
    explain( $hit->{line}, $hit->{tid}, sprintf "$kind of %#x", $address );
}

sub acquire {
    my ( $process, $address, $bytes, $hit ) = @_;
    if ( my $block = $process->{live}{$address} ) {
        my $frame = $process->{moving}{$address};
        if ( $frame && $frame->{tid} ne $hit->{tid} ) {

            # Not live any more: the realloc of it gave it up just now.
            explain( $hit->{line}, $hit->{tid},
                "gets the block of the realloc of line $frame->{line}" );
            release( $process, $address, $hit );
            $frame->{moved} = 1;
            forget_move($frame);
        }
        else {
            $size{ $block->{size} }{blocks}-- if $block->{counted};
            $result{anomalies}{double_alloc}++;
            explain( $hit->{line}, $hit->{tid},
                sprintf "double_alloc of %#x", $address );
        }
    }
    delete $process->{freed}{$address};
    $process->{live}{$address} = { size => $bytes, counted => 1 };
    $size{$bytes}{blocks}++;
    $size{$bytes}{allocated}++;
}

# A child has copies of its parent's blocks, which nobody counts; a new thread
# begins with nothing under way.
sub forked {
    my ( $pid, $tid, $parent_pid ) = @_;
    delete $thread{$tid};
    return if $pid == $parent_pid;
    my $parent = process($parent_pid);
    $process{$pid} = {
        live => {
            map { $_ => { size => $parent->{live}{$_}{size}, counted => 0 } }
              keys %{ $parent->{live} }
        },
        freed  => { %{ $parent->{freed} } },
        moving => {},
    };
}

sub executed {
    my ($pid) = @_;
    for my $block ( values %{ process($pid)->{live} } ) {
        $size{ $block->{size} }{blocks}-- if $block->{counted};
    }
    delete $process{$pid};
    for my $tid ( keys %thread ) {
        delete $thread{$tid} if ( $thread{$tid}{pid} // '' ) eq $pid;
    }
}

# ---------------------------------------------------------------------------
# Output.

sub json {
    my ($r) = @_;
    my ( $blocks, $bytes ) = ( 0, 0 );
    my @sizes;
    for my $size ( grep { $size{$_}{blocks} } keys %size ) {
        $blocks += $size{$size}{blocks};
        $bytes += $size * $size{$size}{blocks};
        push @sizes, $size;
    }
    @sizes = sort {
             $b * $size{$b}{blocks} <=> $a * $size{$a}{blocks}
          || $a <=> $b
    } @sizes;
    my $object = sub {
        my ( $hash, @keys ) = @_;
        '{' . join( ', ', map { "\"$_\": " . ( $hash->{$_} || 0 ) } @keys )
          . '}';
    };
    return join ",\n ", "{\"hits\": $r->{hits}", "\"lost\": $r->{lost}",
      "\"unpaired\": $r->{unpaired}",
      "\"operations\": "
      . $object->( $r->{operations},
        grep { $r->{operations}{$_} } @ORDER ),
      "\"live\": {\"blocks\": $blocks, \"bytes\": $bytes}",
      "\"anomalies\": "
      . $object->(
        $r->{anomalies}, qw(unallocated_free double_free double_alloc)
      ),
      "\"sizes\": ["
      . join( ",\n  ",
        map {
            $object->(
                {
                    size  => $_,
                    bytes => $_ * $size{$_}{blocks},
                    %{ $size{$_} }
                },
                qw(size blocks bytes allocated freed)
            )
        } @sizes )
      . "]}\n";
}

# ---------------------------------------------------------------------------
# The hand-written cases, at the end of this file, in a shorthand:
#   PID/TID EVENT FIELDS    a hit; PID/ may be left out, see expand()
#   = KEY VALUE             what must come out
# Each case begins with "# NAME".

my %ENTRY = (
    malloc         => '7f0000098930',
    calloc         => '7f00000996e0',
    realloc        => '7f0000099130',
    reallocarray   => '7f000009a7e0',
    aligned_alloc  => '7f0000099610',
    memalign       => '7f0000099610',
    posix_memalign => '7f000009a280',
    valloc         => '7f0000099650',
    free           => '7f0000098ef0',
);

# "7 malloc bytes=16", "7 malloc> 0x1000", "3/7 free mem=0x1000"; a function's
# name may carry "@ADDRESS" where it is not probed at its usual place.
sub expand {
    my ( $text, $time ) = @_;
    return "$1$text\n" if $text =~ /^(\s)/;    # verbatim
    my ( $who, $name, $rest ) = $text =~ m{^(\S+) (\w+(?:@[0-9a-f]+)?>?)\s*(.*)$}
      or return "$text\n";
    $who = "7/$who" if $who !~ m{/};
    my $start = "     some prog $who [001] 12.$time: ";
    return "$start$text\n" =~ s/\Q$who\E PERF/PERF/r =~ s/: \S+ PERF/: PERF/r
      if $name =~ /^PERF/;
    my $return = $name =~ s/>$//;
    my $address = $name =~ s/@([0-9a-f]+)$// ? $1 : undef;
    my $function = $name =~ s/_\d+$//r;
    $address = $ENTRY{$function} if !defined $address;
    return "${start}probe_libc:${name}_ret: ($address <- 55550000) arg1=$rest\n"
      if $return;
    return "$start  probe_libc:$name: ($address) $rest\n"
      . "\t   98930 malloc+0x0 (/lib/libc.so.6)\n\t  1234 main: (x)\n\n";
}

sub run_case {
    my ( $name, $input, $expected ) = @_;
    open my $handle, '<', \$input or die;
    my $text = json( follow( read_recording($handle) ) );
    my $bad  = 0;
    for (@$expected) {
        my ( $key, $value ) = /^(\S+)\s+(.*)$/;
        my ($got) = $text =~ /"$key": (\[.*?\]|\{.*?\}|\S+?)(?:,\n|\}\n)/s;
        $got =~ s/\n\s*//g;
        $got =~ s/"(\w+)": /$1 /g;
        next if $got eq $value;
        print "not ok: $name: $key is $got, not $value\n$input";
        $bad = 1;
    }
    print "ok: $name\n" if !$bad;
    return $bad;
}

sub self_test {
    my ( $name, $input, @expected );
    my $failed = 0;
    my $time   = 100000;
    my $finish = sub {
        $failed += run_case( $name, $input, \@expected ) if defined $name;
        $input    = '';
        @expected = ();
    };
    while (<DATA>) {
        chomp;
        if    (/^# (.*)/) { $finish->(); $name = $1 }
        elsif (/^= (.*)/) { push @expected, $1 }
        elsif (/\S/)      { $input .= expand( $_, ++$time ) }
    }
    $finish->();

    # exceeds() where it matters.
    my $max = ~0;
    for (
        [ $max, 1, 0 ], [ $max, 2, 1 ],
        [ 1 << 32, 1 << 32, 1 ], [ 1 << 32, ( 1 << 32 ) - 1, 0 ],
        [ 0x5555555555555555, 3, 0 ], [ 0x5555555555555556, 3, 1 ],
        [ 3, 0x5555555555555556, 1 ],
        [ 0xffffffff, 0x100000001, 0 ], [ 0xffffffff, 0x100000002, 1 ]
      )
    {
        my ( $a, $b, $over ) = @$_;
        next if !!exceeds( $a, $b ) == !!$over;
        print "not ok: exceeds($a, $b)\n";
        $failed++;
    }
    return $failed ? 1 : 0;
}

# ---------------------------------------------------------------------------

GetOptions( \%option, 'libc=s', 'stub=s', 'explain', 'self-test' )
  or die "Usage: follow.pl [--libc=PATH | --stub=ADDR,...] [--explain] [FILE]\n";
exit self_test() if $option{'self-test'};

my $file = @ARGV ? shift @ARGV : '-';
my $handle = \*STDIN;
if ( $file ne '-' ) {
    open $handle, '<', $file or die "follow.pl: $file: $!\n";
    my $magic;
    read $handle, $magic, 8 if !-d $file;

    # In the byte order of the machine that recorded it; or a directory.
    if ( -d $file || ( $magic // '' ) =~ /^(?:PERFILE2|2ELIFREP)$/ ) {
        close $handle;
        open $handle, '-|', 'perf', 'script', '--ns', '-i', $file, '-F',
          'trace:comm,pid,tid,cpu,time,event,trace', '--show-task-events',
          '--show-lost-events'
          or die "follow.pl: perf: $!\n";
    }
    else { seek $handle, 0, 0 }
}
print json( follow( read_recording($handle) ) );

__DATA__
# malloc and free
7 malloc bytes=0x10
7 malloc> 0x1000
7 malloc bytes=32
7 malloc> 0x2000
7 free mem=0x1000
7 free mem=0x0
= hits 6
= unpaired 0
= operations {malloc 2, free 2}
= live {blocks 1, bytes 32}
= anomalies {unallocated_free 0, double_free 0, double_alloc 0}
= sizes [{size 32, blocks 1, bytes 32, allocated 1, freed 0}]
# failed malloc is an operation
7 malloc bytes=0xffffffffffffffff
7 malloc> 0x0
= operations {malloc 1}
= live {blocks 0, bytes 0}
= sizes []
# threads do not mix
7 malloc bytes=1
8 malloc bytes=2
7 malloc> 0x1000
8 malloc> 0x2000
9 free mem=0x1000
= operations {malloc 2, free 1}
= sizes [{size 2, blocks 1, bytes 2, allocated 1, freed 0}]
= unpaired 0
# sizes are sorted by bytes, then by size
7 malloc bytes=30
7 malloc> 0x1000
7 malloc bytes=10
7 malloc> 0x2000
7 malloc bytes=10
7 malloc> 0x3000
7 malloc bytes=10
7 malloc> 0x4000
7 malloc bytes=40
7 malloc> 0x5000
7 malloc bytes=0
7 malloc> 0x6000
= sizes [{size 40, blocks 1, bytes 40, allocated 1, freed 0},{size 10, blocks 3, bytes 30, allocated 3, freed 0},{size 30, blocks 1, bytes 30, allocated 1, freed 0},{size 0, blocks 1, bytes 0, allocated 1, freed 0}]
# calloc, and its overflow
7 calloc n=3 elem_size=0x20
7 calloc> 0x1000
7 calloc n=0x8000000000000000 elem_size=2
7 calloc> 0x0
7 calloc n=0 elem_size=0x20
7 calloc> 0x2000
= operations {calloc 3}
= sizes [{size 96, blocks 1, bytes 96, allocated 1, freed 0},{size 0, blocks 1, bytes 0, allocated 1, freed 0}]
# realloc of NULL goes through malloc
7 realloc oldmem=0x0 bytes=64
7 malloc bytes=64
7 malloc> 0x1000
7 realloc> 0x1000
= operations {realloc 1}
= live {blocks 1, bytes 64}
= unpaired 0
# realloc moved, in place, the same size
7 malloc bytes=8
7 malloc> 0x1000
7 realloc oldmem=0x1000 bytes=16
7 realloc> 0x2000
7 realloc oldmem=0x2000 bytes=24
7 realloc> 0x2000
7 realloc oldmem=0x2000 bytes=24
7 realloc> 0x2000
7 free mem=0x1000
= operations {malloc 1, realloc 3, free 1}
= anomalies {unallocated_free 0, double_free 1, double_alloc 0}
= sizes [{size 24, blocks 1, bytes 24, allocated 2, freed 1}]
# failed realloc leaves the block
7 malloc bytes=8
7 malloc> 0x1000
7 realloc oldmem=0x1000 bytes=0x7fffffffffffffff
7 realloc> 0x0
= operations {malloc 1, realloc 1}
= sizes [{size 8, blocks 1, bytes 8, allocated 1, freed 0}]
# realloc to zero frees, through a nested free
7 malloc bytes=8
7 malloc> 0x1000
7 realloc oldmem=0x1000 bytes=0
7 free mem=0x1000
7 realloc> 0x0
= operations {malloc 1, realloc 1}
= live {blocks 0, bytes 0}
= anomalies {unallocated_free 0, double_free 0, double_alloc 0}
# realloc of NULL to zero
7 realloc oldmem=0x0 bytes=0
7 malloc bytes=0
7 malloc> 0x1000
7 realloc> 0x1000
= operations {realloc 1}
= sizes [{size 0, blocks 1, bytes 0, allocated 1, freed 0}]
# realloc of what was not seen allocated, moved and in place and failed
7 realloc oldmem=0x1000 bytes=5
7 realloc> 0x2000
7 realloc oldmem=0x3000 bytes=6
7 realloc> 0x3000
7 realloc oldmem=0x4000 bytes=7
7 realloc> 0x0
= anomalies {unallocated_free 2, double_free 0, double_alloc 0}
= live {blocks 2, bytes 11}
# realloc under way at the end
7 malloc bytes=8
7 malloc> 0x1000
7 realloc oldmem=0x1000 bytes=16
= operations {malloc 1}
= unpaired 0
= live {blocks 1, bytes 8}
# reallocarray through realloc's stub, and its overflow, and zero
7 malloc bytes=8
7 malloc> 0x1000
7 reallocarray optr=0x1000 nmemb=3 elem_size=5
7 calloc@7f0000026030 n=0x1000 elem_size=15
7 realloc oldmem=0x1000 bytes=15
7 realloc> 0x2000
7 calloc@7f0000026030> 0x2000
7 reallocarray> 0x2000
7 reallocarray optr=0x2000 nmemb=0x100000000 elem_size=0x100000000
7 reallocarray> 0x0
7 calloc n=1 elem_size=1
7 calloc> 0x3000
7 reallocarray optr=0x3000 nmemb=0 elem_size=5
7 realloc oldmem=0x3000 bytes=0
7 free mem=0x3000
7 realloc> 0x0
7 reallocarray> 0x0
= operations {malloc 1, calloc 1, reallocarray 3}
= live {blocks 1, bytes 15}
= hits 17
= unpaired 0
# reallocarray without arguments shows them in the nested realloc
7 malloc bytes=8
7 malloc> 0x1000
7 reallocarray
7 realloc oldmem=0x1000 bytes=15
7 realloc> 0x2000
7 reallocarray> 0x2000
= operations {malloc 1, reallocarray 1}
= live {blocks 1, bytes 15}
# stubs: calloc's is realloc's, realloc's is of something else
7 realloc@7f0000026010 oldmem=0x4444 bytes=100
7 realloc@7f0000026010> 0x7
7 calloc@7f0000026030 n=0x0 elem_size=16
7 realloc oldmem=0x0 bytes=16
7 malloc bytes=16
7 malloc> 0x1000
7 realloc> 0x1000
7 calloc@7f0000026030> 0x1000
7 calloc n=2 elem_size=16
7 calloc> 0x2000
7 realloc oldmem=0x2000 bytes=33
7 realloc> 0x2000
= hits 12
= operations {calloc 1, realloc 2}
= live {blocks 2, bytes 49}
= anomalies {unallocated_free 0, double_free 0, double_alloc 0}
# aligned variants
7 aligned_alloc alignment=64 bytes=128
7 aligned_alloc> 0x1000
7 aligned_alloc alignment=16 bytes=32
7 malloc bytes=32
7 malloc> 0x2000
7 aligned_alloc> 0x2000
7 valloc bytes=4096
7 valloc> 0x3000
= operations {aligned_alloc 2, valloc 1}
= live {blocks 3, bytes 4256}
# memalign and aligned_alloc at one address
7 aligned_alloc bytes=64
7 memalign bytes=64
7 aligned_alloc> 0x1000
7 memalign> 0x1000
7 memalign bytes=65
7 aligned_alloc bytes=65
7 memalign> 0x2000
7 aligned_alloc> 0x2000
= operations {aligned_alloc 2}
= unpaired 0
= live {blocks 2, bytes 129}
# memalign alone
7 memalign bytes=64
7 memalign> 0x1000
= operations {memalign 1}
# posix_memalign: pointer in a field, nested, unknown, failed
7 posix_memalign memptr=0x99 alignment=64 size=100
7     posix_memalign
7 posix_memalign> 0x0 ptr=0x1000
7 posix_memalign memptr=0x99 alignment=16 size=50
7 malloc bytes=50
7 malloc> 0x2000
7 posix_memalign> 0
7 posix_memalign memptr=0x99 alignment=64 size=7
7 posix_memalign> 0
7 posix_memalign memptr=0x99 alignment=3 size=7
7 posix_memalign> 0x16 ptr=0x7777
= operations {posix_memalign 4}
= live {blocks 2, bytes 150}
= unpaired 0
# numbered and __return names
     x 7/7 [000] 1.0: g:malloc_1: (7f0000098930) bytes=0x5
     x 7/7 [000] 1.1: g:malloc_ret__return_1: (7f0000098930 <- 55) arg1=0x1000
     x 7/7 [000] 1.2: g:malloc_ret__return_1: (7f0000098930 <- 55) arg1=0x1000
     x 7/7 [000] 1.3: sched:sched_switch: prev=1
= operations {malloc 1}
= hits 3
= unpaired 1
# default output, no pid, no cpu, a comm with spaces and digits
   x 8 y 7 [000] 1.0: g:malloc: (7f0000098930) bytes=0x5
   x 8 y 7 1.1: g:malloc_ret: (7f0000098930 <- 55) arg1=0x1000
= operations {malloc 1}
= unpaired 0
# probes made twice
7 malloc bytes=5
7 malloc_1 bytes=5
7 malloc> 0x1000
     some prog 7/7 [001] 13.0: g:malloc_ret_1: (7f0000098930 <- 5) arg1=0x1000
7 free mem=0x1000
7 free_1 mem=0x1000
= hits 6
= operations {malloc 1, free 1}
= anomalies {unallocated_free 0, double_free 0, double_alloc 0}
= unpaired 0
# unexpected operations
7 free mem=0x1000
7 free mem=0x1000
7 malloc bytes=5
7 malloc> 0x1000
7 free mem=0x1000
7 free mem=0x1000
7 free mem=0x1000
7 malloc bytes=6
7 malloc> 0x1000
7 malloc bytes=7
7 malloc> 0x1000
7 free mem=0x1000
= operations {malloc 3, free 6}
= anomalies {unallocated_free 2, double_free 2, double_alloc 1}
= live {blocks 0, bytes 0}
# the block dropped by a double allocation is not freed
7 malloc bytes=6
7 malloc> 0x1000
7 malloc bytes=6
7 malloc> 0x1000
= sizes [{size 6, blocks 1, bytes 6, allocated 2, freed 0}]
# a block that a realloc elsewhere is giving up may be handed out
7 malloc bytes=6
7 malloc> 0x1000
7 realloc oldmem=0x1000 bytes=60
8 malloc bytes=5
8 malloc> 0x1000
7 realloc> 0x2000
= anomalies {unallocated_free 0, double_free 0, double_alloc 0}
= live {blocks 2, bytes 65}
# unpaired: under way at the start, lost returns, under way at the end
7 malloc> 0x1000
7 free mem=0x1000
7 malloc bytes=5
7 malloc bytes=5
7 malloc> 0x2000
7 realloc oldmem=0x0 bytes=5
7 malloc bytes=5
7 realloc> 0x3000
7 realloc oldmem=0x0 bytes=5
7 malloc bytes=5
= unpaired 3
= operations {malloc 1, realloc 1, free 1}
= anomalies {unallocated_free 1, double_free 0, double_alloc 0}
# lost events
7 PERF_RECORD_LOST lost 5
7 PERF_RECORD_LOST lost 6
7 PERF_RECORD_LOST_SAMPLES lost 4
7 PERF_RECORD_LOST_SAMPLES lost 7
= lost 11
= hits 0
# fork: the child's copies are not counted, its own blocks are
7 malloc bytes=6
7 malloc> 0x1000
7 malloc bytes=7
7 malloc> 0x2000
7 PERF_RECORD_FORK(9:9):(7:7)
9/9 free mem=0x1000
9/9 realloc oldmem=0x2000 bytes=70
9/9 realloc> 0x2000
9/9 free mem=0x1000
7 free mem=0x1000
9/9 malloc bytes=9
9/9 malloc> 0x5000
9/9 PERF_RECORD_EXIT(9:9):(7:7)
= anomalies {unallocated_free 0, double_free 1, double_alloc 0}
= sizes [{size 70, blocks 1, bytes 70, allocated 1, freed 0},{size 9, blocks 1, bytes 9, allocated 1, freed 0},{size 7, blocks 1, bytes 7, allocated 1, freed 0}]
# a new thread is no fork
7 malloc bytes=6
7 malloc> 0x1000
7 PERF_RECORD_FORK(7:9):(7:7)
7/9 free mem=0x1000
= live {blocks 0, bytes 0}
= anomalies {unallocated_free 0, double_free 0, double_alloc 0}
# exec drops the blocks of the process, and what was under way
7 malloc bytes=6
7 malloc> 0x1000
7 malloc bytes=6
8/8 malloc bytes=8
8/8 malloc> 0x1000
7 PERF_RECORD_COMM exec: ls:7/7
7 malloc bytes=10
7 malloc> 0x1000
7 free mem=0x2000
= live {blocks 2, bytes 18}
= unpaired 0
= anomalies {unallocated_free 1, double_free 0, double_alloc 0}
# exec of a forked child leaves the parent's blocks
7 malloc bytes=6
7 malloc> 0x1000
7 PERF_RECORD_FORK(9:9):(7:7)
9/9 PERF_RECORD_COMM exec: ls:9/9
9/9 free mem=0x1000
7 free mem=0x1000
= live {blocks 0, bytes 0}
= anomalies {unallocated_free 1, double_free 0, double_alloc 0}
# exit leaves the blocks live, and the number may come again
7 malloc bytes=6
7 malloc> 0x1000
7 malloc bytes=6
7 PERF_RECORD_EXIT(7:7):(1:1)
7 PERF_RECORD_FORK(7:7):(1:1)
7 malloc bytes=8
7 malloc> 0x1000
= live {blocks 2, bytes 14}
= unpaired 0
= anomalies {unallocated_free 0, double_free 0, double_alloc 0}
# task events as perf script prints them where -F has "trace:"
7 malloc bytes=6
7 malloc> 0x1000
 churn  7 [-01]  1684.822241: PERF_RECORD_FORK(9:9):(7:7)
9/9 free mem=0x1000
exe  9 [-01]  1684.859222: PERF_RECORD_COMM exec: exe:9/9
9/9 free mem=0x1000
= anomalies {unallocated_free 1, double_free 0, double_alloc 0}
= live {blocks 1, bytes 6}
